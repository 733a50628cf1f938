import { afterAll, beforeAll, expect, test } from 'vitest'
import { newSessionId, newToken } from '../../../src/admin/auth/token-text.ts'
import {
  describedOperations,
  type DescribedOperation,
} from '../../support/admin/described-operations.ts'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'

let api: TestAdminApi
let calls: readonly DescribedOperation[]

beforeAll(async () => {
  api = await openAdminApi({ callsPerMinute: 1_000_000 })
  calls = await describedOperations(api.url)
})

afterAll(async () => {
  await api[Symbol.asyncDispose]()
})

const send = (
  { method, path, takesBody }: DescribedOperation,
  headers: Readonly<Record<string, string>>,
  body = '{}',
): Promise<Response> =>
  fetch(`${api.url}${path}`, {
    method,
    headers: { ...headers, ...(takesBody ? { 'content-type': 'application/json' } : {}) },
    ...(takesBody ? { body } : {}),
  })

const guarded = (): readonly DescribedOperation[] => calls.filter(({ role }) => role !== 'public')
const nameOf = ({ method, path }: DescribedOperation): string => `${method} ${path}`

/** Sends every guarded call, and answers those that ended otherwise than they should. */
async function otherThan(
  wanted: { readonly status: number; readonly code: string },
  headersOf: (call: DescribedOperation) => Promise<Readonly<Record<string, string>> | undefined>,
): Promise<{ readonly tried: number; readonly strays: readonly string[] }> {
  const strays: string[] = []
  let tried = 0
  for (const call of guarded()) {
    const headers = await headersOf(call)
    if (headers === undefined) continue
    tried += 1
    const response = await send(call, headers)
    const problem = (await response.json()) as {
      code?: string
      status?: number
      next_step?: string
    }
    const type = response.headers.get('content-type') ?? ''
    const isProblem = type.startsWith('application/problem+json') && problem.next_step !== undefined
    if (response.status !== wanted.status || problem.code !== wanted.code || !isProblem) {
      strays.push(`${nameOf(call)}: ${response.status} ${problem.code ?? ''}`)
    }
  }
  return { tried, strays }
}

test('every call says which role it needs, and only signing in needs none', () => {
  expect(calls.length).toBeGreaterThan(9)
  expect(calls.filter(({ role }) => role === 'undeclared')).toEqual([])
  expect(calls.filter(({ role }) => role === 'public').map(nameOf)).toEqual(['POST /api/session'])
})

test('a caller without a credential has no more calls in a minute than any other', async () => {
  await using small = await openAdminApi({ callsPerMinute: 3 })
  const headers = { authorization: `Bearer ${newToken()}` }
  const statuses: number[] = []
  for (let count = 0; count < 5; count += 1) {
    statuses.push((await fetch(`${small.url}/api/devices`, { headers })).status)
  }
  expect(statuses).toEqual([401, 401, 401, 429, 429])
})

test('every call without a credential is refused', async () => {
  const wanted = { status: 401, code: 'credential-missing' }
  const { tried, strays } = await otherThan(wanted, () => Promise.resolve({}))
  expect(tried).toBe(guarded().length)
  expect(strays).toEqual([])
})

const WRONG: readonly [string, () => Record<string, string>, string][] = [
  ['an unknown token', () => ({ authorization: `Bearer ${newToken()}` }), 'credential-unknown'],
  ['a token of another make', () => ({ authorization: 'Bearer letmein' }), 'credential-malformed'],
  [
    'a password in place of a token',
    () => ({ authorization: 'Basic YTpi' }),
    'credential-malformed',
  ],
  ['an empty authorization', () => ({ authorization: 'Bearer ' }), 'credential-malformed'],
  ['an unknown session', () => ({ cookie: `tfe-session=${newSessionId()}` }), 'credential-unknown'],
  ['a session of another make', () => ({ cookie: "tfe-session=' or 1=1" }), 'credential-malformed'],
  [
    'the cookie that only TLS may carry',
    () => ({ cookie: `__Host-tfe=${newSessionId()}` }),
    'credential-missing',
  ],
]

for (const [credential, headers, code] of WRONG) {
  test(`every call with ${credential} is refused`, async () => {
    const { strays } = await otherThan({ status: 401, code }, () => Promise.resolve(headers()))
    expect(strays).toEqual([])
  })
}

test('a good session beside a wrong token does not help', async () => {
  const cookie = await api.sessionOf('administrator')
  const { strays } = await otherThan({ status: 401, code: 'credential-unknown' }, () =>
    Promise.resolve({ cookie, authorization: `Bearer ${newToken()}`, 'x-requested-by': 'tfe' }),
  )
  expect(strays).toEqual([])
})

test('every call with too weak a role is refused', async () => {
  const weaker: Readonly<Record<string, 'viewer' | 'operator' | undefined>> = {
    operator: 'viewer',
    administrator: 'operator',
  }
  const { tried, strays } = await otherThan(
    { status: 403, code: 'role-too-weak' },
    async (call) => {
      const role = weaker[call.role]
      if (role === undefined) return undefined
      return { authorization: `Bearer ${await api.tokenOf(role)}` }
    },
  )
  expect(tried).toBeGreaterThan(0)
  expect(strays).toEqual([])
})

test('every call with an expired token or session is refused', async () => {
  const token = await api.tokenOf('administrator')
  const session = await api.sessionOf('administrator')
  const before = api.clock.at
  api.clock.at += 86_400_000
  try {
    const wanted = { status: 401, code: 'credential-expired' }
    const tokens = await otherThan(wanted, () =>
      Promise.resolve({ authorization: `Bearer ${token}` }),
    )
    const sessions = await otherThan(wanted, () => Promise.resolve({ cookie: session }))
    expect([...tokens.strays, ...sessions.strays]).toEqual([])
  } finally {
    api.clock.at = before
  }
})

test('a session changes nothing for a page from elsewhere', async () => {
  const cookie = await api.sessionOf('administrator')
  const { tried, strays } = await otherThan({ status: 403, code: 'cross-site' }, (call) =>
    Promise.resolve(call.method === 'GET' ? undefined : { cookie }),
  )
  expect(tried).toBeGreaterThan(0)
  expect(strays).toEqual([])
})

const HOSTILE: readonly string[] = [
  '',
  'null',
  'true',
  '[]',
  '"text"',
  '{',
  '{"__proto__": {"role": "administrator"}}',
  '{"constructor": {"prototype": {}}}',
  '{"unknown": 1}',
  `{"name": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  `{"name": "${'x'.repeat(300_000)}"}`,
  '{"name": "\\u0000", "password": "\\ud800"}',
  '{"name": {"$ne": null}, "password": {"$ne": null}}',
  '\u00ff\u00fe{}',
]

test('every call takes hostile bodies for what they are', async () => {
  const authorization = `Bearer ${await api.tokenOf('administrator')}`
  const strays: string[] = []
  for (const call of calls.filter(({ takesBody }) => takesBody)) {
    for (const body of HOSTILE) {
      const response = await send(call, { authorization, 'if-match': '*' }, body)
      const type = response.headers.get('content-type') ?? ''
      await response.arrayBuffer()
      const isRefused = response.status >= 400 && response.status < 500
      // PATCH with nothing it knows is nothing to do; a body that is not there is another matter.
      if (!isRefused || !type.startsWith('application/problem+json')) {
        strays.push(`${nameOf(call)} ${body.slice(0, 40)}: ${response.status} ${type}`)
      }
    }
  }
  expect(strays).toEqual([])
  expect(api.bugs).toEqual([])
})

const NAMES: readonly [string, string][] = [
  ['..', 'which no client can ask for'],
  ['.', 'which no client can ask for'],
  ['\ud800', 'which is half a character'],
]

for (const [name, why] of NAMES) {
  test(`no administrator is called ${JSON.stringify(name)}, ${why}`, async () => {
    const response = await fetch(`${api.url}/api/administrators`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await api.tokenOf('administrator')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ name, role: 'viewer' }),
    })
    expect(response.status).toBe(422)
  })
}

test('a body larger than any call needs is refused before it is read', async () => {
  const authorization = `Bearer ${await api.tokenOf('administrator')}`
  const [call] = calls.filter(({ takesBody }) => takesBody)
  if (call === undefined) throw new Error('no call takes a body')
  const response = await send(call, { authorization }, `"${'x'.repeat(1024 * 1024)}"`)
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({ code: 'body-too-large' })
})

test('a path that is not served is said to be none', async () => {
  const response = await fetch(`${api.url}/api/nothing`)
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ code: 'not-served' })
})
