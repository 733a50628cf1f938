/**
 * C8: a new sealing key comes with the latch, peers that lack the next one are named before it is used, and what the store
 * keeps sealed is of use to the configuration.
 */
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { CONFIRMATION_PHRASE } from '../../../src/fleet/enforcement.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { readKeyRing, writeKeyRing } from '../../../src/store/secrets/key-ring.ts'
import type { KeyRing } from '../../../src/store/secrets/seal.ts'
import { openStore } from '../../../src/store/store.ts'
import { tfe } from '../../support/cli/run-command.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { MAIN, serveProcess } from '../../support/front-ends/serve-process.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { withControl, type Scene, type Seen } from '../case.ts'
import { frontEnd, type FrontEnd } from '../front-end.ts'

const STORE = ` { sqlite: data/tfe.sqlite, keys: 'file:tfe.keys' }`

/** Seals a secret over the admin API; which key it was sealed with. */
async function sealedWith(on: FrontEnd, name: string): Promise<number> {
  const { body } = await on.call('PUT', `/api/secrets/${name}`, { secret: 'aHVzaA==' })
  return (body as { readonly key_version: number }).key_version
}

/** The control looks at the same answers and requires nothing. */
const enabling = (): Promise<readonly Seen[]> =>
  withControl(async (isRequired) => {
    await using on = await frontEnd({ yaml: { enforcement: ' recording', store: STORE } })
    const before = await sealedWith(on, 'before')
    const { body } = await on.call('GET', '/api/enforcement')
    const { warnings } = body as { readonly warnings: readonly { readonly kind: string }[] }
    if (isRequired) {
      await on.call('POST', '/api/enforcement/require', {
        phrase: CONFIRMATION_PHRASE,
        read: warnings.map(({ kind }) => kind),
        save_authentication: false,
        save_decryption: false,
      })
    }
    return [`key ${before} before, key ${await sealedWith(on, 'after')} after`]
  })

async function reportAs(on: FrontEnd, ring: KeyRing): Promise<void> {
  const opened = await openStore(
    { kind: 'sqlite', path: join(on.product.folder, 'data/tfe.sqlite') },
    { clock: { now: () => Date.now() as Instant }, ring, initialSettings: undefined },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  await opened.value.secrets.report({ id: 'peer', name: 'tfe-2' })
  await opened.value.close()
}

/** The control gives the peer the key first. */
const rotating = (): Promise<readonly Seen[]> =>
  withControl(async (isLacking) => {
    await using on = await frontEnd({ yaml: { store: STORE } })
    await sealedWith(on, 'any')
    const path = join(on.product.folder, 'tfe.keys')
    const held = await readKeyRing(`file:${path}`)
    if (!held.ok) throw new Error('there is no key ring')
    const next = { keys: new Map([...held.value.keys, [2, randomBytes(32)]]) }
    await writeKeyRing(path, next)
    await reportAs(on, isLacking ? held.value : next)
    const { status, body } = await on.call('POST', '/api/keys/rotate', {})
    const { code, detail } = body as { readonly code?: string; readonly detail?: string }
    const named = /^.* lacks/u.exec(detail ?? '')?.[0] ?? 'none is named'
    return [`${status} ${code ?? 'rotated'}: ${named}, then key ${await sealedWith(on, 'then')}`]
  })

const WITH_STORED_KEY = `
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost, 127.0.0.1]
    certificates: [{ chain: 'file:server.pem', key: 'store:tls-key' }]
    routes: tested`

/** The status of a request; the control seals nothing, and tells why nothing is served. */
const served = (workers: number): Promise<readonly Seen[]> =>
  withControl(async (isSealed) => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    const start = () =>
      serveProcess(upstream.port, {
        workers,
        yaml: { store: STORE, listeners: WITH_STORED_KEY },
        instead: async (file) => {
          const key = join(dirname(file), 'server.key')
          if (isSealed) await tfe(['secrets', 'seal', 'tls-key', '--file', key, '--config', file])
          return [MAIN, 'serve', '--config', file]
        },
      })
    try {
      await using serving = await start()
      const request = { version: 'TLSv1.3', device: fleet.device } as const
      return [`served, ${(await requestOnce(serving, request)).status}`]
    } catch (error) {
      const why = /found no secret \S+ in the store/u.exec(String(error))
      return [`not started: ${why?.[0] ?? String(error)}`]
    }
  })

export const SEALING: readonly Scene[] = [
  {
    cases: [
      {
        id: 'C8',
        what: 'the key that a secret is sealed with, before and after certificates are required',
        expected: 'key 1 before, key 2 after',
        control: 'key 1 before, key 1 after',
      },
    ],
    play: enabling,
  },
  {
    cases: [
      {
        id: 'C8',
        what: 'a rotation to a key that a running peer lacks',
        expected: '409 instances-lack-key: tfe-2 runs and lacks, then key 1',
        control: '200 rotated: none is named, then key 2',
      },
    ],
    play: rotating,
  },
  ...[1, 2].map((workers): Scene => ({
    cases: [
      {
        id: 'C8',
        what: `a listener's key that the store keeps sealed, with workers: ${workers}`,
        expected: 'served, 200',
        control: 'not started: found no secret tls-key in the store',
      },
    ],
    play: () => served(workers),
  })),
]
