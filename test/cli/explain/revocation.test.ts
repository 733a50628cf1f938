import { expect, test } from 'vitest'
import { crlServer } from '../../support/crl-server.ts'
import { mintCrl, serialIn } from '../../support/certificates/mint-crl.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import {
  CONFIGURATION,
  current,
  configurationFolder,
  root,
} from '../../support/cli/configuration-folder.ts'
import { tfe } from '../../support/cli/run-command.ts'

const HOUR = 3_600_000
const device = mintLeaf({ issuer: current })

/** The configuration with these lists for the current setting. */
const listed = (lists: string): string =>
  CONFIGURATION.replace("chain: 'file:current.pem' }", `chain: 'file:current.pem', crl: ${lists} }`)

test('explain reads the lists, and says which was used, how old it is, and its verdict on each certificate', async () => {
  await using server = await crlServer(
    mintCrl({
      issuer: current,
      number: 77,
      thisUpdate: new Date(Date.now() - 3 * HOUR),
      revoked: [{ serial: serialIn(device.der), reason: 1, at: new Date('2026-01-02T03:04:05Z') }],
    }),
  )
  await using made = await configurationFolder(
    listed(`{ lists: [{ url: '${server.url}' }, { file: roots.crl }], grace: 2h }`),
  )
  await made.write('roots.crl', mintCrl({ issuer: root }))
  const file = await made.write('device.pem', device.pem)
  const { out, code } = await tfe(['explain', file, '--config', made.config])
  expect(out).toContain(`New: ${server.url}`)
  expect(out).toContain('number 4d, names 1 certificate')
  expect(out).toContain('3 hours ago')
  expect(out).toContain('CN=device-1: REVOKED at 2026-01-02 03:04:05Z (keyCompromise)')
  expect(out).toContain('CN=Fleet CA: not revoked')
  expect(out).toContain('hard-fail, an unknown status is refused, a list counts for 2 hours')
  expect(out).toContain('REFUSED: revoked')
  expect(code).not.toBe(0)
})

test('explain says why a list cannot be used, and who is refused for it', async () => {
  await using made = await configurationFolder(listed('{ lists: [{ file: absent.crl }] }'))
  const file = await made.write('device.pem', device.pem)
  const { out } = await tfe(['explain', file, '--config', made.config])
  expect(out).toContain('absent.crl: crl-file-unreadable')
  expect(out).toContain('next step: put the list there')
  expect(out).toContain('CN=device-1: status unknown, no list was read of CN=Fleet CA')
  expect(out).toContain('REFUSED: revocation-unknown')
})

test('explain of a setting without lists says nothing of them', async () => {
  await using made = await configurationFolder()
  const file = await made.write('device.pem', device.pem)
  const { out } = await tfe(['explain', file, '--config', made.config])
  expect(out).not.toMatch(/revocation/i)
})

test('check names every list and what follows without it, and fetches none', async () => {
  await using server = await crlServer(Buffer.alloc(0))
  await using made = await configurationFolder(
    listed(`{ lists: [{ url: '${server.url}' }, { file: a.crl }], refresh: 2h, grace: 1d }`),
  )
  const { out, code } = await tfe(['check', made.config])
  expect(out).toContain(
    'New: revocation lists, hard-fail, 1 day after its end, asked for every 2 hours',
  )
  expect(out).toContain(server.url)
  expect(out).toContain('a.crl')
  expect(server.received).toEqual([])
  expect(code).toBe(0)
})
