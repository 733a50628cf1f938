/**
 * The certificates of the demonstration: authorities first, so that an issuer exists before what it signs.
 */
import type { Purpose } from './mint.ts'

/** One certificate with its key: `<file>.pem` and `<file>.key` below the demonstration's folder. */
export interface Participant {
  readonly file: string
  readonly purpose: Purpose
  readonly commonName: string
  /** The `file` of the entry that signs it; undefined signs itself. */
  readonly issuer: string | undefined
  /** Host names and IP addresses of a server. */
  readonly names: readonly string[]
  readonly validity: Validity
  /** Whether its issuer's certificate follows it in the file: a server sends the whole chain. */
  readonly chain: boolean
}

/** When a certificate counts, and until when it still shows what it was made to show. */
export type Validity =
  /** Valid from that day on (from the day before it is made when undefined), and made anew in its last week. */
  | { readonly kind: 'lasting'; readonly since: string | undefined; readonly days: number }
  /** Expired when it was made; made anew once it has been expired for longer than `atMostDays`. */
  | { readonly kind: 'expired'; readonly days: number; readonly atMostDays: number }

const authority = (
  file: string,
  commonName: string,
  more: Partial<Participant> = {},
): Participant => ({
  file: `authorities/${file}`,
  purpose: 'authority',
  commonName,
  issuer: undefined,
  names: [],
  validity: { kind: 'lasting', since: '2025-01-01', days: 3650 },
  chain: false,
  ...more,
})

const server = (file: string, commonName: string, issuer: string): Participant => ({
  file,
  purpose: 'server',
  commonName,
  issuer: `authorities/${issuer}`,
  names: ['localhost', '127.0.0.1', '::1'],
  // No client refuses a year as too long.
  validity: { kind: 'lasting', since: undefined, days: 365 },
  chain: true,
})

const client = (
  file: string,
  issuer: string | undefined,
  more: Partial<Participant> = {},
): Participant => ({
  file,
  purpose: 'device',
  commonName: file.slice(file.indexOf('/') + 1),
  issuer: issuer === undefined ? undefined : `authorities/${issuer}`,
  names: [],
  validity: { kind: 'lasting', since: undefined, days: 365 },
  chain: false,
  ...more,
})

const expired = (days: number, atMostDays = Number.POSITIVE_INFINITY): Partial<Participant> => ({
  validity: { kind: 'expired', days, atMostDays },
})

/** Everything that has a key. */
export const PARTICIPANTS: readonly Participant[] = [
  authority('current-root', 'Current Device Root'),
  authority('current', 'Current Device CA', { issuer: 'authorities/current-root' }),
  authority('previous', 'Previous Device CA', {
    validity: { kind: 'lasting', since: '2020-01-01', days: 3650 },
  }),
  authority('unknown', 'Unknown CA'),
  authority('server', 'Front End Server CA'),
  authority('upstream', 'MDM Server CA'),
  server('server', 'Trusted Front End', 'server'),
  server('upstream', 'Demo MDM', 'upstream'),
  client('front-end', 'upstream', { commonName: 'Trusted Front End towards the MDM' }),
  client('devices/current', 'current'),
  client('devices/previous', 'previous', {
    validity: { kind: 'lasting', since: '2024-06-01', days: 365 },
  }),
  client('devices/issued-late', 'previous'),
  // Grace is 30 days; five are kept in hand for a demonstration that stays up over a weekend.
  client('devices/in-grace', 'current', expired(9, 25)),
  client('devices/beyond-grace', 'current', expired(60)),
  client('devices/unknown-ca', 'unknown'),
  client('devices/self-signed-expired', undefined, expired(20)),
]

/** PEM files that hold certificates of the list above, one after the other. */
export const BUNDLES: readonly { readonly file: string; readonly of: readonly string[] }[] = [
  { file: 'ca.pem', of: ['authorities/server'] },
  { file: 'trust/current.pem', of: ['authorities/current', 'authorities/current-root'] },
  { file: 'trust/previous.pem', of: ['authorities/previous'] },
  { file: 'trust/upstream.pem', of: ['authorities/upstream'] },
]
