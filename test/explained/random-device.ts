/** Devices of every kind that a verdict tells apart, drawn at random: what each shows, and the request that it makes. */
import { mintLeaf, type Ca, type Leaf, type LeafOptions } from '../support/certificates/mint.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import { DAY, IMPOSTOR, LOWER, SETTINGS, UNKNOWN, type SettingName } from './authorities.ts'
import { randomCall, type Call } from './random-call.ts'

/** What an administrator, or a CA, has said of a device before it is judged. */
export type Decision = 'approved' | 'blocked' | 'denied-key' | 'denied-serial' | 'revoked'

/** A device of a state. */
export interface ExplainedDevice {
  /** The common name of its certificate: no other device of the state has it. */
  readonly name: string
  readonly kind: string
  /** Undefined for a client that shows no certificate. */
  readonly leaf: Leaf | undefined
  readonly issuer: Ca | undefined
  readonly decision: Decision | undefined
  /** Whether it calls before the last changes of its state, so that it is known then. */
  readonly isKnown: boolean
  readonly call: Call
}

type Shown = Omit<LeafOptions, 'issuer' | 'name'> & {
  readonly issuer?: Ca
  /** It shows its own certificate alone. */
  readonly alone?: boolean
  readonly decision?: Decision
  /** What it asks for, where that is not drawn. */
  readonly call?: Partial<Omit<Call, 'path'>>
}

const ago = (days: number): number => Date.now() - days * DAY

const LONG_AGO = { notBefore: ago(400), notAfter: ago(-300) }

const IN_GRACE = { notBefore: ago(400), notAfter: ago(9), issuer: SETTINGS.Fleet }
const DATA = { listener: 'devices', row: 'data' } as const
const RENEWAL = { ...DATA, row: 'renew', userAgent: undefined } as const

/** Kinds by name; where no issuer is named, the state draws one of its settings. Undefined shows no certificate. */
const KINDS: Readonly<Record<string, Shown | undefined>> = {
  valid: {},
  'valid, long ago': LONG_AGO,
  'valid, of Fleet': { issuer: SETTINGS.Fleet },
  'approved, of Fleet': { issuer: SETTINGS.Fleet, decision: 'approved' },
  'approved, long ago': { ...LONG_AGO, decision: 'approved' },
  'of Previous, long ago': { ...LONG_AGO, issuer: SETTINGS.Previous },
  'of Previous, of late': { issuer: SETTINGS.Previous, notBefore: ago(2) },
  'of Next': { issuer: SETTINGS.Next },
  'of Retired, long ago': { ...LONG_AGO, issuer: SETTINGS.Retired },
  'of Aged': { ...LONG_AGO, issuer: SETTINGS.Aged },
  due: { notAfter: ago(-10) },
  'in grace': IN_GRACE,
  'in grace, renews': { ...IN_GRACE, call: RENEWAL },
  'in grace, renews as approved': { ...IN_GRACE, decision: 'approved', call: RENEWAL },
  'in grace, renews by an old agent': {
    ...IN_GRACE,
    decision: 'approved',
    call: { ...RENEWAL, userAgent: 'MobileIron/9.0' },
  },
  'beyond grace': { notBefore: ago(400), notAfter: ago(60) },
  'not yet valid': { notBefore: ago(-5), issuer: SETTINGS.Fleet, call: DATA },
  unknown: { issuer: UNKNOWN },
  impostor: { issuer: IMPOSTOR },
  'self-signed': { selfSigned: true },
  'weak key': { keyType: 'rsa1024' },
  'weak signature': { digest: 'sha1' },
  'wrong purpose': { purposes: ['serverAuth'] },
  'asks for a token': { issuer: SETTINGS.Fleet, call: { ...DATA, row: 'token' } },
  'asks for an old token': { issuer: SETTINGS.Fleet, call: { ...DATA, row: 'old-token' } },
  'below another CA': { issuer: LOWER },
  'below another CA, alone': { issuer: LOWER, alone: true },
  'of an id': { uris: ['urn:x-device:1'], dns: ['phone.fleet.example'] },
  blocked: { decision: 'blocked' },
  'blocked, unknown': { issuer: UNKNOWN, decision: 'blocked' },
  'denied key': { decision: 'denied-key' },
  'denied serial': { decision: 'denied-serial' },
  revoked: { issuer: SETTINGS.Fleet, decision: 'revoked' },
  'no certificate': undefined,
}

const KIND_NAMES = Object.keys(KINDS)

/** What a device is drawn for. */
export interface DeviceContext {
  readonly random: SeededRandom
  /** Counts the devices of a run: each kind comes once in a round. */
  readonly number: number
}

/** Draws one device. */
export function randomDevice({ random, number }: DeviceContext): ExplainedDevice {
  const kind = KIND_NAMES[number % KIND_NAMES.length] ?? ''
  const name = `device ${number} ${kind.replaceAll(',', '')}`
  const drawn = randomCall(random)
  const shown = KINDS[kind]
  const made = { ...drawn, ...shown?.call }
  const call: Call = { ...made, path: `/${made.row}/${number}` }
  if (shown === undefined) return withoutCertificate({ name, kind, call, number })
  const { issuer = drawnIssuer(random), decision, alone = false, ...options } = shown
  const minted = mintLeaf({ ...options, issuer, name })
  const leaf = alone ? { ...minted, chainPem: minted.pem } : minted
  // What is decided is decided of a device that is known, and what a device presents along is learned once.
  const isFirst = decision === undefined && issuer !== LOWER && random.oneIn(5)
  return { name, kind, leaf, issuer, decision, isKnown: !isFirst, call }
}

const withoutCertificate = ({
  number,
  call,
  ...device
}: Pick<ExplainedDevice, 'call' | 'kind' | 'name'> & {
  readonly number: number
}): ExplainedDevice => ({
  ...device,
  leaf: undefined,
  issuer: undefined,
  decision: undefined,
  isKnown: true,
  call: { ...call, reportedId: `unit-${number}` },
})

const drawnIssuer = (random: SeededRandom): Ca =>
  SETTINGS[random.pick<SettingName>(['Fleet', 'Fleet', 'Fleet', 'Previous', 'Retired', 'Next'])]
