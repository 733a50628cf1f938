/** What a decision about devices is sent with: those that were selected, or whom an entry of the deny list means. */
import { Type, type Static } from 'typebox'
import type { KeyFingerprint } from '../../../kernel/types.ts'
import type { SelectedDevice } from '../../../store/devices/approvals.ts'
import type { DenyTarget } from '../../../store/devices/denials.ts'
import { keyHash, patternText, strictObject, text } from '../../schemas.ts'

/** Devices in the versions that were looked at. */
export const selection = strictObject({
  devices: Type.Array(
    strictObject({
      id: text(200),
      // One `If-Match` per device: what was decided on one that has changed since is no decision on this one.
      version: Type.Integer({
        minimum: 0,
        description: 'The version of the device that was looked at.',
      }),
    }),
    { minItems: 1, maxItems: 1000 },
  ),
})

/** The same as the store takes it. */
export const selectedDevices = ({ devices }: Static<typeof selection>): readonly SelectedDevice[] =>
  devices.map(({ id, version }) => ({ id, expected: version }))

const fingerprint = keyHash('SHA-256 of a public key (SubjectPublicKeyInfo).')
/** Whom an entry means. */
export const denied = Type.Union(
  [
    strictObject({ kind: Type.Literal('key'), key: fingerprint }),
    strictObject({
      kind: Type.Literal('serial'),
      issuer_key: fingerprint,
      serial: patternText('^-?(?:[0-9a-f]{2}){1,40}$', {
        wanted: 'a serial number in hexadecimal: 1 to 40 pairs of digits in lower case',
      }),
    }),
  ],
  {
    description:
      'By public key, or by issuer key and serial number; never by certificate fingerprint, which has a twin.',
  },
)

/** The same as the store takes it. */
export const deniedOf = (sent: Static<typeof denied>): DenyTarget =>
  sent.kind === 'key'
    ? { kind: 'key', key: sent.key as KeyFingerprint }
    : {
        kind: 'serial',
        issuerKey: sent.issuer_key as KeyFingerprint,
        serial: canonicalSerial(sent.serial),
      }

/** As certificates are known by: with a leading zero octet, as some tools print it, an entry would deny no device. */
const canonicalSerial = (serial: string): string => serial.replace(/^(-?)(?:00)+(?=..)/u, '$1')
