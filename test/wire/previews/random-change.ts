/** Changes over the admin API, drawn at random: the call that foretells each, and the call that makes it. */
import { X509Certificate } from 'node:crypto'
import { CONFIRMATION_PHRASE } from '../../../src/fleet/enforcement.ts'
import type { Answer, ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { keyOf } from './meetings.ts'
import { CAS, type FleetDevice } from './random-fleet.ts'

/** Every kind, for counting. */
export const CHANGES = [
  'promote',
  'amend',
  'remove',
  'distrust',
  'approval-model',
  'require',
  'oauth',
  'close-sync-port',
  'deny',
  'block',
] as const

/** One change. */
export interface RandomChange {
  readonly kind: (typeof CHANGES)[number]
  readonly text: string
  readonly foretell: () => Promise<Answer>
  readonly make: () => Promise<Answer>
}

/** What a change is drawn for. */
export interface ChangeContext {
  readonly call: ServedWithStore['call']
  readonly devices: readonly FleetDevice[]
  readonly random: SeededRandom
}

/** Draws one of a kind; what the product refuses is among them. */
export async function randomChange(
  kind: RandomChange['kind'],
  context: ChangeContext,
): Promise<RandomChange> {
  switch (kind) {
    case 'promote':
    case 'amend':
    case 'remove':
    case 'distrust':
      return standingChange(kind, context)
    case 'approval-model': {
      const at = '/api/settings/approval-model'
      const model = context.random.pick(['off', 'auto', 'manual', 'manual-external'])
      return simple(kind, context, {
        preview: `${at}/preview`,
        method: 'PUT',
        path: at,
        body: { model },
      })
    }
    case 'require':
      return requireChange(context)
    case 'oauth': {
      const change = context.random.pick(['enable-new', 'disable-new', 'disable-legacy'])
      return {
        ...simple(kind, context, {
          preview: '/api/oauth/preview',
          method: 'POST',
          path: '/api/oauth',
          body: { change },
        }),
        make: () => context.call('POST', '/api/oauth', { change, confirmations: 2 }, '*'),
      }
    }
    case 'close-sync-port': {
      const path = '/api/sync-port/close'
      const body = { force: context.random.oneIn(2) }
      return simple(kind, context, { preview: `${path}/preview`, method: 'POST', path, body })
    }
    case 'deny':
      return denyChange(context)
    case 'block':
      return await blockChange(context)
  }
}

interface Calls {
  readonly preview: string
  readonly method: string
  readonly path: string
  readonly body: object
}

/** A change that takes what its preview takes. */
const simple = (
  kind: RandomChange['kind'],
  { call }: ChangeContext,
  { preview, method, path, body }: Calls,
): RandomChange => ({
  kind,
  text: `${kind} ${JSON.stringify(body)}`,
  foretell: () => call('POST', preview, body),
  make: () => call(method, path, body, '*'),
})

function standingChange(
  change: 'amend' | 'distrust' | 'promote' | 'remove',
  { call, random }: ChangeContext,
): RandomChange {
  const setting = random.pick(Object.keys(CAS) as [string, ...string[]])
  const retirement = {
    cut_off: random.pick(['not-before', 'known-devices']),
    sunset: random.pick([null, null, '2020-01-01T00:00:00Z', '2200-01-01T00:00:00Z']),
  }
  const path = `/api/enrollment-settings/${encodeURIComponent(setting)}`
  const retires = change === 'promote' || change === 'amend'
  const made = {
    promote: ['POST', `${path}/promote`, retirement],
    amend: ['PATCH', path, retirement],
    remove: ['POST', `${path}/remove`, { force: true }],
    distrust: ['POST', `${path}/distrust`, undefined],
  } as const
  return {
    kind: change,
    text: `${change} ${setting} ${JSON.stringify(retires ? retirement : {})}`,
    foretell: () => call('POST', `${path}/preview`, { change, ...(retires ? retirement : {}) }),
    make() {
      const [method, at, body] = made[change]
      return call(method, at, body, '*')
    },
  }
}

const requireChange = ({ call }: ChangeContext): RandomChange => ({
  kind: 'require',
  text: 'require',
  foretell: () => call('POST', '/api/enforcement/preview'),
  async make() {
    const { body, etag } = await call('GET', '/api/enforcement')
    const { warnings } = body as { readonly warnings: readonly { readonly kind: string }[] }
    const read = warnings.map(({ kind }) => kind)
    const kept = { save_authentication: true, save_decryption: false }
    return call(
      'POST',
      '/api/enforcement/require',
      { phrase: CONFIRMATION_PHRASE, read, ...kept },
      etag,
    )
  },
})

function denyChange({ call, devices, random }: ChangeContext): RandomChange {
  const [first, ...others] = devices
  if (first === undefined) throw new Error('the fleet has devices')
  const { leaf, name } = random.pick([first, ...others])
  const issuer = Object.values(CAS).find((ca) =>
    new X509Certificate(leaf.der).verify(publicKeyOf(ca.der)),
  )
  const certificate = {
    kind: 'serial',
    serial: new X509Certificate(leaf.der).serialNumber.toLowerCase(),
  }
  const denied =
    issuer === undefined || random.oneIn(2)
      ? { kind: 'key', key: keyOf(leaf) }
      : random.oneIn(3)
        ? { kind: 'key', key: keyOf({ ...leaf, der: issuer.der }) }
        : { ...certificate, issuer_key: keyOf({ ...leaf, der: issuer.der }) }
  return {
    kind: 'deny',
    text: `deny ${denied.kind} of ${name}`,
    foretell: () => call('POST', '/api/deny-list/preview', { denied }),
    make: () => call('POST', '/api/deny-list', { denied, note: 'lost' }),
  }
}

const publicKeyOf = (der: Buffer) => new X509Certificate(der).publicKey

async function blockChange({ call, random }: ChangeContext): Promise<RandomChange> {
  const { body } = await call('GET', '/api/devices')
  const { items } = body as {
    readonly items: readonly {
      readonly id: string
      readonly version: number
      readonly subject: string
    }[]
  }
  // Ids are new in each run: the order must not depend on them.
  const sorted = items.toSorted((one, two) => (one.subject < two.subject ? -1 : 1))
  const chosen = random.shuffled(sorted).slice(0, 2)
  const selection = { devices: chosen.map(({ id, version }) => ({ id, version })) }
  return {
    kind: 'block',
    text: `block ${chosen.map(({ subject }) => subject).join(', ')}`,
    foretell: () => call('POST', '/api/devices/block/preview', selection),
    make: () => call('POST', '/api/devices/block', selection),
  }
}
