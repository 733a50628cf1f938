/**
 * C1, C4 and C9: what operators are told of devices that no certificate tells apart, before the latch is thrown for good.
 */
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { CONFIRMATION_PHRASE } from '../../../src/fleet/enforcement.ts'
import { clientTls } from '../../support/front-ends/product.ts'
import { echo, syncListener, TunnelClient } from '../../support/front-ends/product-with-tunnels.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { until } from '../../support/until.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd, type FrontEnd } from '../front-end.ts'

interface Shown {
  readonly warnings: readonly { readonly kind: string; readonly text: string }[]
  readonly callers: { readonly requests: readonly { readonly requests: number }[] }
}

const enforcementOf = async (on: Pick<FrontEnd, 'call'>): Promise<Shown> =>
  (await on.call('GET', '/api/enforcement')).body as Shown

const counted = ({ callers }: Shown): number =>
  callers.requests.reduce((sum, { requests }) => sum + requests, 0)

/** Twenty requests without a certificate, and the warning that names where they would be refused. */
async function strangers(): Promise<Seen> {
  const play = async (enforcement: 'recording' | 'required'): Promise<string> => {
    await using on = await frontEnd({ yaml: { enforcement: ` ${enforcement}` } })
    const statuses: number[] = []
    for (let number = 0; number < 20; number += 1) statuses.push(await on.status())
    if (enforcement === 'required') {
      const [first] = statuses
      return `${first}, ${counted(await enforcementOf(on))} counted`
    }
    const shown = await until(
      () => enforcementOf(on),
      (it) => counted(it) === 20,
    )
    const { text = 'no warning' } =
      shown.warnings.find(({ kind }) => kind === 'unknown-requests-refused') ?? {}
    return `${statuses[0]}, ${text.replace(/ \(.*/u, '')}`
  }
  return { seen: await play('recording'), control: await play('required') }
}

/** What is saved once the latch is thrown: by hour for authentication. */
async function saved(): Promise<Seen> {
  const play = async (authentication: boolean): Promise<string> => {
    await using on = await frontEnd({ yaml: { enforcement: ' recording' } })
    const { warnings } = await enforcementOf(on)
    const body = {
      phrase: CONFIRMATION_PHRASE,
      read: warnings.map(({ kind }) => kind),
      save_authentication: authentication,
      save_decryption: true,
    }
    const { status } = await on.call('POST', '/api/enforcement/require', body)
    await on.inForce()
    await on.status()
    const attempts = async (): Promise<number> => {
      const { authentication: hours } = (await on.call('GET', '/api/enforcement/results')).body as {
        readonly authentication: readonly { readonly attempts: number }[]
      }
      return hours.reduce((sum, one) => sum + one.attempts, 0)
    }
    if (authentication) await until(attempts, (many) => many === 1)
    else
      await until(
        () => recorded(on),
        (many) => many >= 1,
      )
    return `${status}, ${await attempts()} saved`
  }
  return { seen: await play(false), control: await play(true) }
}

/** How many sightings are in the store, whatever is saved of them. */
async function recorded(on: FrontEnd): Promise<number> {
  const found = /^tfe_sightings_recorded_total (\d+)$/mu.exec(await on.text('/metrics'))
  return Number(found?.[1] ?? 0)
}

/** What a bare handshake on the sync port leaves, and what a connection that carries octets both ways does. */
async function handshakes(): Promise<Seen> {
  const play = async (carries: boolean): Promise<string> => {
    await using upstream = await rawUpstream(upstreamTlsOptions, echo)
    await using on = await servedWithStore(upstream.port, {
      listeners: syncListener(),
    })
    const client = await TunnelClient.to(clientTls(on.frontEnd.port, undefined))
    if (carries) {
      client.send('hello')
      await client.receiveUntil('hello')
    }
    client.socket.end()
    await client.gone
    await until(
      () => Promise.resolve(tallies(on)),
      (many) => many >= 1,
    )
    const { body } = await on.call('GET', '/api/sync-port')
    const { unidentified, callers } = body as {
      readonly unidentified: number
      readonly callers: readonly { readonly address: string; readonly octets_in: number }[]
    }
    const said = callers.map((one) => `${one.address} with ${one.octets_in} octets in`)
    return [`${unidentified} unidentified`, ...said].join(', ')
  }
  return { seen: await play(false), control: await play(true) }
}

function tallies({ frontEnd: { folder } }: ServedWithStore): number {
  const database = new DatabaseSync(join(folder, 'data/tfe.sqlite'), { readOnly: true })
  const row = database.prepare('select sum(sightings) as many from tallies').get()
  database.close()
  return Number(row?.['many'] ?? 0)
}

const TEXT = '20 requests from unknown devices in the last 30 days would have been refused'

export const READINESS: readonly Scene[] = [
  {
    cases: [
      {
        id: 'C1',
        what: 'twenty requests without a certificate while recording, and what is said before the latch',
        expected: `200, ${TEXT}`,
        control: '403, 0 counted',
      },
    ],
    play: async () => [await strangers()],
  },
  {
    cases: [
      {
        id: 'C4',
        what: 'an attempt after the latch, with results of authentication not to be saved',
        expected: '200, 0 saved',
        control: '200, 1 saved',
      },
    ],
    play: async () => [await saved()],
  },
  {
    cases: [
      {
        id: 'C9',
        what: 'one bare handshake on the sync port',
        expected: '0 unidentified',
        control: '1 unidentified, 127.0.0.1 with 5 octets in',
      },
    ],
    play: async () => [await handshakes()],
  },
]
