import { expect, test } from 'vitest'
import {
  CONFIGURATION,
  configurationFolder,
  current,
  root,
} from '../../support/cli/configuration-folder.ts'
import { tfe } from '../../support/cli/run-command.ts'
import { mintCrl } from '../../support/certificates/mint-crl.ts'
import { crlServer } from '../../support/crl-server.ts'

const HOUR = 3_600_000
const listing = (crl: string): string =>
  CONFIGURATION.replace(
    "standing: current, chain: 'file:current.pem'",
    `standing: current, chain: 'file:current.pem', crl: { ${crl} }`,
  )
const inFile = listing("lists: [{ file: 'a.crl' }]")

async function said(list: Buffer | string | undefined, configuration = inFile): Promise<string> {
  await using made = await configurationFolder(configuration)
  if (list !== undefined) await made.write('a.crl', list)
  const { code, out } = await tfe(['check', made.config])
  expect(code).toBe(0)
  return out
}

test('a list that is good is opened, and told nothing of', async () => {
  const out = await said(mintCrl({ issuer: current }))
  expect(out).not.toContain('crl.lists')
  expect(out).not.toContain('is in force')
})

const BAD: readonly (readonly [what: string, list: Buffer | string | undefined, said: RegExp])[] = [
  ['that is not there', undefined, /a\.crl: the file cannot be read \(ENOENT\); nothing is in/],
  ['that holds something else', 'no list', /crl-pem-unfit|crl-malformed/],
  ['of another CA', mintCrl({ issuer: root }), /no revocation list of CN=Fleet CA is in force/],
  [
    'that was forged',
    mintCrl({ issuer: { subject: current.subject, key: root.key } }),
    /\(crl-forged\)/,
  ],
  [
    'that has ended',
    mintCrl({ issuer: current, nextUpdate: new Date(Date.now() - HOUR) }),
    /of CN=Fleet CA ended at/,
  ],
]

for (const [what, list, expected] of BAD) {
  test(`a list ${what} is a warning at its line`, async () => {
    const out = await said(list)
    expect(out).toMatch(expected)
    expect(out).toMatch(/tfe\.yaml:6:\d+ trust\.enrollmentSettings\[0\]\.crl\.lists\[0\]: New: /)
  })
}

test('the server of a list is asked nothing, and that is said', async () => {
  await using server = await crlServer(mintCrl({ issuer: current }))
  const url = `http://127.0.0.1:${server.port}/a.crl`
  const out = await said(undefined, listing(`lists: [{ url: '${url}' }]`))
  expect(out).toContain(`revocation list of New: ${url}`)
  expect(out).not.toContain('is in force')
  expect(server.received).toEqual([])
})
