/**
 * What people get wrong while a front end serves: each row is one mistake, what is said of it and the exit code. As in
 * `mistakes.test.ts`, no answer shows a stack, a word of a schema, or a regular expression, and each has a next step.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Role } from '../../src/admin/auth/principal.ts'
import { mintCa, mintLeaf, openAdminApi, type TestAdminApi } from '../support/admin/admin-api.ts'
import { changeBetween } from '../support/admin/change-between.ts'
import { makeCurrent, sighting } from '../support/admin/sightings.ts'
import { typed } from '../support/cli/call-admin.ts'
import { tfe } from '../support/cli/run-command.ts'

const BY = { who: 'test', from: 'test' }
let adminApi: TestAdminApi
let folder: string
const own = mintCa({ name: 'Own CA' })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-mistakes-'))
  const files: Readonly<Record<string, string>> = {
    'leaf.pem': mintLeaf({ issuer: own }).pem,
    'ca.pem': own.pem,
    'text.pem': 'this is no certificate\n',
    'names.csv': 'id,nmae\n1,x\n',
    'twice.csv': 'id,name\n1,x\n1,y\n',
    'short.json': '[{"id": ',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  adminApi = await openAdminApi()
  await makeCurrent(adminApi.store)
  await adminApi.store.sightings.record([sighting('1'), sighting('2')])
})
afterAll(async () => {
  await adminApi[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** Nothing of how the program is made reaches a person. */
const INSIDES =
  /\n {4}at |must (?:be|match|have|NOT)|schema|pattern|\/\^|\\d|\[0-9|undefined|\[object|NaN/u

interface Mistake {
  readonly what: string
  readonly line: string
  readonly code: 1 | 2
  readonly said: string
  readonly as?: Role
  readonly stdin?: string
}

const KEY = 'a'.repeat(64)

const MISTAKES: readonly Mistake[] = [
  {
    what: 'a viewer who blocks',
    line: `devices block ${'0'.repeat(8)}`,
    as: 'viewer',
    code: 1,
    said: '(role-too-weak)',
  },
  {
    what: 'an operator who uploads a CA',
    line: 'ca upload x @ca.pem',
    as: 'operator',
    code: 1,
    said: '(role-too-weak)',
  },
  {
    what: 'a device that does not exist',
    line: 'devices show 99999999',
    code: 1,
    said: '(not-found)',
  },
  {
    what: 'a token that does not exist',
    line: 'token revoke 0192f0c4-0000-7000-8000-000000000000',
    code: 1,
    said: "there is no token '0192f0c4-0000-7000-8000-000000000000'",
  },
  {
    what: 'a token label that is none',
    line: 'token revoke alice',
    code: 1,
    said: "there is no token 'alice'",
  },
  {
    what: 'a CA that does not exist',
    line: 'ca promote Nowhere',
    code: 1,
    said: '(not-found)',
  },
  { what: 'a leaf for a CA', line: 'ca upload x @leaf.pem', code: 1, said: '(chain-faulty)' },
  { what: 'a text for a CA', line: 'ca upload x @text.pem', code: 1, said: '(chain-faulty)' },
  {
    what: 'a CA file that is not there',
    line: 'ca upload x @nowhere.pem',
    code: 2,
    said: 'found no such file, wanted a CA chain',
  },
  {
    what: 'a sunset on a day that does not exist',
    line: 'ca preview CA promote --sunset 2027-02-30',
    code: 2,
    said: "found --sunset '2027-02-30', wanted a day that exists",
  },
  {
    what: 'a sunset with the year last',
    line: 'ca preview CA promote --sunset 1.6.2027',
    code: 2,
    said: "found --sunset '1.6.2027', wanted",
  },
  {
    what: 'a cut-off that does not exist',
    line: 'ca amend CA --cut-off never',
    code: 2,
    said: "found --cut-off 'never', wanted one of not-before, known-devices",
  },
  { what: 'an amendment of nothing', line: 'ca amend CA', code: 2, said: 'amend needs' },
  {
    what: 'a limit of a million',
    line: 'devices list --limit 1000000',
    code: 2,
    said: "found --limit '1000000', wanted a whole number from 1 to 1000",
  },
  {
    what: 'a cursor of another list',
    line: 'devices list --after xyz',
    code: 1,
    said: '(bad-cursor)',
  },
  {
    what: 'an approval that does not exist',
    line: 'devices list --approval aproved',
    code: 2,
    said: 'did you mean approved?',
  },
  {
    what: 'a class that does not exist',
    line: 'devices list --class ios-mav',
    code: 2,
    said: 'did you mean ios-maw?',
  },
  {
    what: 'an audit that ends on a day that does not exist',
    line: 'audit --until 2026-06-31',
    code: 2,
    said: "found --until '2026-06-31', wanted a day that exists",
  },
  {
    what: 'a fingerprint that is too short',
    line: 'deny add abc --note x',
    code: 2,
    said: 'wanted KEY or ISSUERKEY:SERIAL',
  },
  {
    what: 'a denial without a note',
    line: `deny add ${KEY}`,
    code: 2,
    said: "required option '--note <TEXT>' not specified",
  },
  {
    what: 'a denial that is not there',
    line: `deny remove ${KEY}`,
    code: 1,
    said: '(not-found)',
  },
  {
    what: 'a token for a thousand days',
    line: 'token create x --days 1000',
    code: 2,
    said: "found --days '1000', wanted a whole number from 1 to 400",
  },
  {
    what: 'a token for some days in words',
    line: 'token create x --days thirty',
    code: 2,
    said: "found --days 'thirty', wanted",
  },
  {
    what: 'a token with more than the caller may',
    line: 'token create x --role root',
    code: 2,
    said: 'wanted one of viewer, operator, administrator',
  },
  {
    what: 'an administrator in capitals',
    line: 'admin create Bob --role viewer',
    stdin: 'a long enough password\n',
    code: 1,
    said: 'found "Bob", wanted bob',
  },
  {
    what: 'a password that is too short',
    line: 'admin create bob --role viewer',
    stdin: 'short\n',
    code: 1,
    said: 'wanted',
  },
  {
    what: 'an administrator who is not there',
    line: 'admin disable unknown-admin',
    code: 1,
    said: 'unknown-admin',
  },
  {
    what: 'an approval model that does not exist',
    line: 'approval use automatic',
    code: 2,
    said: "found MODEL 'automatic', wanted one of off, auto, manual, manual-external",
  },
  {
    what: 'an agent version in words',
    line: 'agents set ios-maw=newest',
    code: 1,
    said: 'wanted',
  },
  {
    what: 'an inventory with a mistyped column',
    line: 'inventory import @names.csv',
    code: 1,
    said: 'nmae',
  },
  {
    what: 'an inventory that names a device twice',
    line: 'inventory import @twice.csv',
    code: 1,
    said: 'line 3: found "1" again, it stands in line 2',
  },
  {
    what: 'an inventory in JSON that was cut off',
    line: 'inventory import @short.json',
    code: 2,
    said: 'is no JSON list of devices',
  },
  {
    what: 'an OAuth endpoint before its time',
    line: 'oauth enable-new',
    code: 1,
    said: '(certificates-not-required)',
  },
  {
    what: 'a confirmation that is missing',
    line: 'oauth disable-legacy',
    code: 2,
    said: 'add --confirm --confirm',
  },
  {
    what: 'a phrase that is nearly right',
    line: 'enforce require --phrase yes',
    code: 1,
    said: 'phrase',
  },
  {
    what: 'a sync port that devices still need',
    line: 'port close',
    code: 1,
    said: 'next:',
  },
  {
    what: 'an upstream that does not exist',
    line: 'upstream-tls show cor',
    code: 1,
    said: '(not-found)',
  },
  {
    what: 'a secret that is not there',
    line: 'secrets remove p12',
    code: 1,
    said: 'p12',
  },
  {
    what: 'a saved query that is not there',
    line: 'queries run weekly',
    code: 1,
    said: 'weekly',
  },
]

for (const { what, line, code, said, as = 'administrator', stdin } of MISTAKES) {
  test(`${what}: the sentence, exit code ${code}, and what to read or do next`, async () => {
    const words = line.split(' ').map((word) => word.replace(/^@/u, `${folder}/`))
    const how = { as, ...(stdin === undefined ? {} : { stdin }) }
    const output = await typed(adminApi, words, how)
    expect(output).toMatchObject({ code, err: expect.stringContaining(said) as unknown })
    expect(output.out + output.err).not.toMatch(INSIDES)
    expect(output.err).toMatch(code === 2 ? /^see: tfe help/mu : /^next: \S/mu)
  })
}

test('a version that is no longer the newest: nothing is changed, exit code 1, and what to do next', async () => {
  const changing = async (): Promise<void> => {
    const found = await adminApi.store.oauth.current()
    if (!found.ok) throw new Error(found.failure.kind)
    const { mutual, legacy } = found.value
    await adminApi.store.oauth.set(BY, { mutual, legacy }, 'any')
  }
  await using faster = await changeBetween(adminApi, changing)
  const { code, out, err } = await typed(adminApi, `oauth enable-legacy --url ${faster.url}`)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/^tfe: .*\(stale\)\nnext: \S/u)
})

test('a token that was revoked: exit code 1, and where a new one is made', async () => {
  const env = { TFE_ADMIN_URL: adminApi.url, TFE_ADMIN_TOKEN: `tfe_${'x'.repeat(43)}` }
  const { code, out, err } = await tfe(['devices', 'list'], env)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/^tfe: .*\(credential-unknown\)\nnext: \S/u)
  expect(err).not.toContain('xxxx')
})
