/** A17: no two administrators look alike, and the names of those that there are stay and are listed with their fault. */
import { join } from 'node:path'
import { tfe } from '../../support/cli/run-command.ts'
import type { Scene } from '../case.ts'
import { frontEnd, storeIn, type FrontEnd } from '../front-end.ts'

const BY = { who: 'test', from: 'test' }
const PASSWORD = 'long enough to be a password'

/** Beside an administrator named alice. */
const NAMES: readonly (readonly [what: string, name: string, expected: string])[] = [
  ['ends with a space', 'alice ', 'refused'],
  ['begins with a tab', '\talice', 'refused'],
  ['has a capital', 'Alice', 'refused'],
  ['has a capital in its middle', 'aLice', 'refused'],
  ['is in wide letters', '\uFF41\uFF4C\uFF49\uFF43\uFF45', 'refused'],
  ['turns the text around', 'alice\u202E', 'refused'],
  ['holds an isolate', '\u2066alice\u2069', 'refused'],
  ['holds a soft hyphen', 'ali\u00ADce', 'refused'],
  ['holds a byte order mark', '\uFEFFalice', 'refused'],
  ['holds a variation selector', 'alice\uFE0F', 'refused'],
  ['has a Cyrillic letter among Latin ones', 'al\u0456ce', 'refused'],
  ['has a Greek letter among Latin ones', 'alic\u03B5', 'refused'],
  ['has a Cherokee letter among Latin ones', 'alic\uAB7C', 'refused'],
  ['has a ligature', 'o\uFB03ce', 'refused'],
  ['has a mathematical letter', '\u{1D41A}lice', 'refused'],
  ['has an accent apart from its letter', 'zoe\u0301', 'refused'],
  ['has a line break', 'alice\n', 'refused'],
  ['is another name', 'alicia', 'created'],
  ['is in one other script', 'олена', 'created'],
]

async function overApi(on: FrontEnd, name: string): Promise<string> {
  const { status } = await on.call('POST', '/api/administrators', {
    name,
    role: 'viewer',
    password: PASSWORD,
  })
  if (status === 201) await on.call('DELETE', `/api/administrators/${encodeURIComponent(name)}`)
  return status === 201 ? 'created' : status === 422 ? 'refused' : `status ${status}`
}

/** On the machine itself, in the store. */
async function inStore(on: FrontEnd, name: string): Promise<string> {
  const config = join(on.product.folder, 'tfe.yaml')
  const argv = ['admin', 'create', name, '--role', 'viewer', '--config', config]
  const { code, err } = await tfe(argv, {}, undefined, `${PASSWORD}\n`)
  if (code === 0) await on.call('DELETE', `/api/administrators/${encodeURIComponent(name)}`)
  return code === 0 ? 'created' : code === 1 || code === 2 ? 'refused' : `exit ${code}: ${err}`
}

/** The control: a store of before, which took any name. */
async function asBefore(on: FrontEnd, name: string): Promise<string> {
  await using store = await storeIn(join(on.product.folder, 'data/tfe.sqlite'))
  const account = { name, role: 'viewer', passwordHash: undefined, certificateKey: 'ab'.repeat(32) }
  const created = await store.admins.create(BY, account as never)
  if (!created.ok) return created.failure.kind
  const { body } = await on.call('GET', '/api/administrators')
  const all = (body as { readonly items: readonly { name: string; name_fault: string | null }[] })
    .items
  const listed = all.find((one) => one.name === name)
  await store.admins.remove(BY, name, 'any')
  if (listed === undefined) return 'created and not listed'
  return listed.name_fault === null ? 'created' : 'created, listed with its fault'
}

export const ADMINISTRATORS: readonly Scene[] = [
  {
    cases: NAMES.map(([what, , expected]) => ({
      id: 'A17',
      what: `a new administrator whose name ${what} is ${expected} by API and command`,
      expected: `${expected}, ${expected}`,
      control: expected === 'created' ? 'created' : 'created, listed with its fault',
    })),
    async play() {
      await using on = await frontEnd()
      const seen = []
      for (const [, name] of NAMES) {
        const both = [await overApi(on, name), await inStore(on, name)]
        seen.push({ seen: both.join(', '), control: await asBefore(on, name) })
      }
      return seen
    },
  },
]
