/**
 * The octets of a PKCS#12 file, which some tools write as text (`certtool` in PEM unless told otherwise, secret stores in
 * base64), and what was handed over in its place.
 */
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { Pkcs12Failure } from './failure.ts'

/** Finds the octets, or says what else the file is. */
export function pkcs12Octets(bytes: Buffer): Result<Buffer, Pkcs12Failure> {
  if (beginsLikePkcs12(bytes)) return ok(bytes)
  const { found, octets } = looksLike(bytes)
  return octets !== undefined && beginsLikePkcs12(octets)
    ? ok(octets)
    : fail({ kind: 'not-pkcs12', found })
}

/** RFC 7292 §4: a SEQUENCE of version 3 first, whatever its length is; keys have other versions, certificates none. */
function beginsLikePkcs12(bytes: Buffer): boolean {
  const length = bytes[1] ?? 0
  const inside = length > 0x80 ? 2 + (length & 0x7f) : 2
  return bytes[0] === 0x30 && VERSION_3.equals(bytes.subarray(inside, inside + VERSION_3.length))
}

function looksLike(bytes: Buffer): {
  readonly found: 'java-keystore' | 'other' | 'pem'
  readonly octets?: Buffer
} {
  if (JAVA_KEYSTORES.includes(bytes.toString('hex', 0, 4))) return { found: 'java-keystore' }
  const text = bytes.toString('latin1')
  const [, armoured] = ARMOUR.exec(text) ?? []
  if (armoured !== undefined) return { found: 'pem', octets: Buffer.from(armoured, 'base64') }
  if (text.includes('-----BEGIN ')) return { found: 'pem' }
  return { found: 'other', octets: BASE64.test(text) ? Buffer.from(text, 'base64') : NOTHING }
}

const NOTHING = Buffer.alloc(0)
const VERSION_3 = Buffer.from([0x02, 0x01, 0x03])
const JAVA_KEYSTORES = ['feedfeed', 'cececece']
const ARMOUR = /-----BEGIN PKCS12-----([^-]+)-----END PKCS12-----/u
const BASE64 = /^[A-Za-z0-9+/=\s]+$/u
