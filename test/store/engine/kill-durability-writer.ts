/**
 * A program that makes changes until it is killed, and says of each that it was acknowledged, in one line on its
 * standard output. Run by `kill-durability.ts`.
 *   kill-durability-writer.ts SETTINGS-AS-JSON ROUND
 */
import { writeSync } from 'node:fs'
import process from 'node:process'
import { openStore, type StoreSettings } from '../../../src/store/store.ts'
import { aRing, testClock } from '../../support/store/backends.ts'
import { aCertificate, ADMIN, aSighting, unwrap } from '../../support/store/sightings.ts'

const [settings = '', round = ''] = process.argv.slice(2)
const store = unwrap(
  await openStore(JSON.parse(settings) as StoreSettings, {
    clock: testClock(),
    ring: aRing(1),
    initialSettings: undefined,
  }),
)

/** Written by the kernel before the call returns, so that a kill cannot take it back. */
const acknowledge = (what: string): void => void writeSync(1, `${what}\n`)

acknowledge('ready')
for (let turn = 0; ; turn += 1) {
  const name = `${round}-${turn}`
  unwrap(await store.documents.put(ADMIN, { name, body: { turn } }, 0))
  acknowledge(`document ${name}`)
  unwrap(await store.enrollment.stage(ADMIN, { name, source: 'local', chain: [Buffer.from(name)] }))
  const retiring = { cutOff: 'not-before', sunset: undefined } as const
  unwrap(await store.enrollment.promote(ADMIN, name, { expected: 1, retiring }))
  acknowledge(`setting ${name}`)
  const certificate = aCertificate(name, { setting: name, signedIds: [name] })
  unwrap(await store.sightings.record([aSighting(certificate, { approvesItself: true })]))
  acknowledge(`device ${name}`)
  const found = unwrap(
    await store.devices.list({
      filter: { text: name },
      order: 'first-seen',
      limit: 1,
      minimums: [],
    }),
  )
  unwrap(await store.approvals.block(ADMIN, [{ id: found.items[0]?.id ?? '' }]))
  acknowledge(`block ${name}`)
  unwrap(await store.secrets.put(ADMIN, { name, secret: Buffer.from(name) }, 0))
  acknowledge(`secret ${name}`)
  if (turn === 2 && round === '3') {
    const keeping = { saveAuthentication: true, saveDecryption: true }
    unwrap(await store.enforcement.require(ADMIN, keeping, 'any'))
    acknowledge('latch')
  }
}
