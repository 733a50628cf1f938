import { expect, test } from 'vitest'
import {
  accountNamesOf,
  type BasicNameOwner,
  type RequestView,
} from '../../src/throttle/account-names.ts'

const key = Buffer.alloc(32, 1)
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

type Part = Partial<Omit<RequestView, 'body'>> & {
  readonly body?: string
  readonly means?: BasicNameOwner
}

function claim({ body = '', means = 'account', ...part }: Part) {
  const view = { method: 'POST', target: '/token', headers: {}, whole: true, ...part }
  return accountNamesOf({ ...view, body: Buffer.from(body) }, means, key)
}

/** The hash of a name, by the plainest request that gives it. */
const hashOf = (name: string): string | undefined =>
  claim({ body: new URLSearchParams({ username: name }).toString() }).accounts[0]

const rows: readonly (Part & { readonly promise: string; readonly names: readonly string[] })[] = [
  { promise: 'a request without a name has no account', names: [] },
  { promise: 'Basic names an account', headers: basic('ann:secret'), names: ['ann'] },
  {
    promise: 'the scheme is Basic in any case',
    headers: { authorization: basic('ann:x').authorization.replace('Basic', 'bAsIc  ') },
    names: ['ann'],
  },
  {
    promise: 'a colon ends the name, and the password may hold more of them',
    headers: basic('ann:a:b'),
    names: ['ann'],
  },
  { promise: 'a name without a password is one', headers: basic('ann'), names: ['ann'] },
  { promise: 'an empty name is none', headers: basic(':x'), names: [] },
  {
    promise: 'another scheme names no account',
    headers: { authorization: 'Bearer YW5uOng=' },
    names: [],
  },
  {
    promise: 'what is not Base64 names no account',
    headers: { authorization: 'Basic a b' },
    names: [],
  },
  {
    promise: 'a form names an account',
    headers: FORM,
    body: 'grant_type=password&username=ann&password=x',
    names: ['ann'],
  },
  { promise: 'escapes in a form are undone', body: 'user%6eame=%61nn', names: ['ann'] },
  { promise: 'the query names an account', target: '/token?a=b&username=ann', names: ['ann'] },
  {
    promise: 'case, width and blanks around a name do not make another one',
    body: 'username=+%EF%BC%A1NN+',
    names: ['ann'],
  },
  {
    promise: 'a form of another media type is read all the same',
    headers: { 'content-type': 'text/plain' },
    body: 'username=ann',
    names: ['ann'],
  },
  { promise: 'another key names no account', body: 'user=ann&xusername=bob', names: [] },
  {
    promise: 'of many names the first and the last count',
    body: 'username=a&username=b&username=c&username=d',
    names: ['a', 'd'],
  },
  {
    promise: 'Basic, query and form count together',
    headers: basic('ann:x'),
    target: '/t?username=bob',
    body: 'username=cid',
    names: ['ann', 'bob', 'cid'],
  },
  {
    promise: 'the same name twice is one',
    headers: basic('Ann:x'),
    body: 'username=ann',
    names: ['ann'],
  },
  {
    promise: 'Basic of a client program does not count beside a username',
    means: 'client',
    headers: basic('app:x'),
    body: 'username=ann',
    names: ['ann'],
  },
  {
    promise: 'Basic of a client program counts when there is no username',
    means: 'client',
    headers: basic('app:x'),
    names: ['app'],
  },
  {
    promise: 'a name that may be cut off is left out',
    body: 'a=b&username=an',
    whole: false,
    names: [],
  },
  {
    promise: 'a name before the cut counts',
    body: 'username=ann&pass',
    whole: false,
    names: ['ann'],
  },
]

for (const { promise, names, ...part } of rows) {
  test(promise, () => {
    expect(claim(part).accounts).toEqual(names.map(hashOf))
  })
}

const sure: readonly (Part & { readonly promise: string; readonly sure: boolean })[] = [
  { promise: 'one name and no body is sure', headers: basic('ann:x'), sure: true },
  { promise: 'one name in a whole form is sure', headers: FORM, body: 'username=ann', sure: true },
  {
    promise: 'a form with a charset is a form',
    headers: { 'content-type': `${FORM['content-type']}; charset=utf-8` },
    body: 'username=ann',
    sure: true,
  },
  { promise: 'no name is not sure', headers: FORM, body: 'a=b', sure: false },
  {
    promise: 'two names are not sure',
    headers: { ...FORM, ...basic('bob:x') },
    body: 'username=ann',
    sure: false,
  },
  {
    promise: 'three names of which one is left out are not sure',
    headers: FORM,
    body: 'username=ann&username=bob&username=ann',
    sure: false,
  },
  {
    promise: 'a name beside the id of a program is sure',
    means: 'client',
    headers: { ...FORM, ...basic('app:x') },
    body: 'username=ann',
    sure: true,
  },
  {
    promise: 'a name beside a body that goes on is not sure',
    headers: { ...FORM, ...basic('ann:x') },
    whole: false,
    sure: false,
  },
  {
    promise: 'a name beside a body of another kind is not sure',
    headers: { 'content-type': 'application/json', ...basic('ann:x') },
    body: '{"username":"bob"}',
    sure: false,
  },
  {
    promise: 'a name beside a compressed form is not sure',
    headers: { ...FORM, 'content-encoding': 'gzip', ...basic('ann:x') },
    body: '\u001f',
    sure: false,
  },
]

for (const { promise, sure: expected, ...part } of sure) {
  test(promise, () => {
    expect(claim(part).isSure).toBe(expected)
  })
}

test('a hash says nothing about the name, and another key makes another one', () => {
  const view = {
    method: 'POST',
    target: '/',
    headers: basic('ann:x'),
    body: Buffer.alloc(0),
    whole: true,
  }
  const [one] = accountNamesOf(view, 'account', key).accounts
  const [other] = accountNamesOf(view, 'account', Buffer.alloc(32, 2)).accounts
  expect(one).toMatch(/^[0-9a-f]{32}$/u)
  expect(other).toMatch(/^[0-9a-f]{32}$/u)
  expect(other).not.toBe(one)
})

test('five hundred names in one body are two', () => {
  const body = Array.from({ length: 500 }, (_, index) => `username=${index}`).join('&')
  expect(claim({ body }).accounts).toHaveLength(2)
})
