/**
 * A11: the new OAuth endpoint serves once it is enabled, not before. A12: a sync port that no listener has is no reason
 * to keep anything from being enabled.
 */
import { CONFIRMATION_PHRASE } from '../../../src/fleet/enforcement.ts'
import { syncListeners } from '../../support/front-ends/product-with-tunnels.ts'
import { fleet } from '../../support/front-ends/product.ts'
import type { Scene } from '../case.ts'
import { frontEnd, type Answer, type FrontEnd, type FrontEndOptions } from '../front-end.ts'

const ROWS = [
  '{ id: token, path: /oauth/*, class: always, endpoint: oauth }',
  '{ id: legacy, path: /legacy/*, class: legacy-oauth }',
]
const TOKEN = '/oauth/token'
const RECORDING: FrontEndOptions = { rows: ROWS, yaml: { enforcement: ' recording' } }
const withSync: FrontEndOptions = {
  ...RECORDING,
  yaml: { ...RECORDING.yaml, listeners: syncListeners('{ upstream: mdm }') },
}

/** Throws the latch as an administrator does, with whatever warnings there are. */
export async function requireCertificates(on: FrontEnd): Promise<void> {
  const { body } = await on.call('GET', '/api/enforcement')
  const { warnings } = body as { readonly warnings: readonly { readonly kind: string }[] }
  await on.call('POST', '/api/enforcement/require', {
    phrase: CONFIRMATION_PHRASE,
    read: warnings.map(({ kind }) => kind),
    save_authentication: false,
    save_decryption: false,
  })
  await on.inForce()
}

const change = async (on: FrontEnd, kind: string): Promise<string> => {
  const { status, body } = await on.call('POST', '/api/oauth', {
    change: kind,
    confirmations: kind === 'disable-legacy' ? 2 : 0,
  })
  await on.inForce()
  return status === 200 ? '200' : `${status} ${reasons(body)}`
}

const reasons = (body: unknown): string => {
  const { code, faults } = body as {
    readonly code: string
    readonly faults?: readonly { readonly at: string }[]
  }
  return faults === undefined || faults.length === 0
    ? code
    : faults.map(({ at }) => at).join(' and ')
}

async function endpoint(): Promise<readonly string[]> {
  await using on = await frontEnd(RECORDING)
  const recording = [
    await on.verdict(fleet.device, TOKEN),
    await on.verdict(undefined, TOKEN),
    await change(on, 'enable-new'),
    await on.verdict(fleet.device, TOKEN),
  ]
  await requireCertificates(on)
  const required = [
    await on.verdict(fleet.device, TOKEN),
    await change(on, 'enable-new'),
    await on.verdict(fleet.device, TOKEN),
    await on.verdict(undefined, TOKEN),
    await on.verdict(fleet.unknown, TOKEN),
  ]
  const disabled = [await change(on, 'disable-new'), await on.verdict(fleet.device, TOKEN)]
  const again = [
    await change(on, 'disable-legacy'),
    await change(on, 'enable-new'),
    await change(on, 'disable-legacy'),
    await on.verdict(fleet.device, '/legacy/token'),
    await on.verdict(fleet.device, TOKEN),
  ]
  return [recording, required, disabled, again].map((one) => one.join(', '))
}

const portOf = ({ body }: Answer): string => (body as { readonly state: string }).state

async function syncPort(options: FrontEndOptions): Promise<readonly string[]> {
  await using on = await frontEnd(options)
  const before = [portOf(await on.call('GET', '/api/sync-port')), await change(on, 'enable-new')]
  await requireCertificates(on)
  const shut = await on.call('POST', '/api/sync-port/close', { force: false })
  const isShut = shut.status === 200 ? portOf(shut) : `${shut.status} ${reasons(shut.body)}`
  const after = [await change(on, 'enable-new'), await change(on, 'disable-new')]
  const command = await on.type('oauth', 'enable-new')
  return [before.join(', '), isShut, [...after, `exit ${command.code}`].join(', ')]
}

/** The same with a sync port that stays open. */
async function openPort(): Promise<string> {
  await using on = await frontEnd(withSync)
  await requireCertificates(on)
  return await change(on, 'enable-new')
}

export const ENDPOINTS: readonly Scene[] = [
  {
    cases: [
      {
        id: 'A11',
        what: 'the new OAuth endpoint serves no device before it is configured, nor is it enabled while certificates are recorded',
        expected:
          '403 oauth-not-configured, 403 oauth-not-configured, 409 certificates-not-required, 403 oauth-not-configured',
      },
      {
        id: 'A11',
        what: 'required certificates alone open it to no device; enabled, it serves a fit device and no other',
        expected:
          '403 oauth-not-configured, 200, 200 verified, 403 no-certificate, 403 untrusted-issuer',
      },
      { id: 'A11', what: 'disabled, it serves no device', expected: '200, 403 oauth-disabled' },
      {
        id: 'A11',
        what: 'one of both endpoints stays enabled, and each keeps its own state',
        expected: '409 both-disabled, 200, 200, 403 legacy-oauth-disabled, 200 verified',
      },
    ],
    play: async () => (await endpoint()).map((seen) => ({ seen })),
  },
  {
    cases: [
      {
        id: 'A12',
        what: 'without a sync listener the sync port is absent, and certificates alone are missing',
        expected: 'absent, 409 certificates-not-required',
        control: 'open, 409 certificates-not-required and sync-port-open',
      },
      {
        id: 'A12',
        what: 'what is absent is not closed',
        expected: '409 sync-port-absent',
        control: 'closed',
      },
      {
        id: 'A12',
        what: 'without a sync listener the new OAuth endpoint is enabled and disabled by API and command',
        expected: '200, 200, exit 0',
        control: '200, 200, exit 0',
      },
    ],
    async play() {
      const [seen, control] = [await syncPort(RECORDING), await syncPort(withSync)]
      return seen.map((one, at) => ({ seen: one, control: control[at] ?? 'none' }))
    },
  },
  {
    cases: [
      {
        id: 'A12',
        what: 'a sync port that is open still keeps the new OAuth endpoint from being enabled',
        expected: '409 sync-port-open',
      },
    ],
    play: async () => [{ seen: await openPort() }],
  },
]
