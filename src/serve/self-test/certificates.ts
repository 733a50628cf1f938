/**
 * What the self-test shows: a leaf, the intermediate that issued it, and their root, made for this one start. The
 * keys are thrown away with the process, and no peer but the self-test ever trusts them.
 */
import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto'
import type { ServerIdentity } from '../../handshake/server-identity.ts'
import { pemOf } from '../../x509/pem.ts'

/** A chain as a peer presents it, leaf first, and what trusts it. */
export interface SelfTestCertificates {
  readonly identity: ServerIdentity
  readonly leaf: Buffer
  readonly intermediate: Buffer
  readonly rootPem: string
}

export function selfTestCertificates(): SelfTestCertificates {
  const root = { name: 'tfe self-test root', keys: keys() }
  const issuing = { name: 'tfe self-test issuing', keys: keys() }
  const device = { name: 'tfe self-test', keys: keys() }
  const rootPem = pemOf(certificate(root, root, AUTHORITY))
  const intermediate = certificate(issuing, root, AUTHORITY)
  const leaf = certificate(device, issuing, END_ENTITY)
  const identity = {
    certificates: [new X509Certificate(leaf), new X509Certificate(intermediate)],
    chainPem: pemOf(leaf) + pemOf(intermediate),
    keyPem: device.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    names: [],
    at: 'self-test',
  } as const
  return { identity, leaf, intermediate, rootPem }
}

const keys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

interface KeyHolder {
  readonly name: string
  readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
}

/** RFC 5280 §4.1, as small as OpenSSL takes it. */
function certificate(of: KeyHolder, by: KeyHolder, constraints: Buffer): Buffer {
  const body = sequence(
    tlv(0xa0, VERSION_3),
    tlv(0x02, Buffer.from([1])),
    ECDSA_WITH_SHA256,
    commonName(by.name),
    VALIDITY,
    commonName(of.name),
    of.keys.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(sequence(BASIC_CONSTRAINTS, TRUE, tlv(0x04, constraints)))),
  )
  const signature = sign('sha256', body, by.keys.privateKey)
  return sequence(body, ECDSA_WITH_SHA256, tlv(0x03, Buffer.from([0]), signature))
}

/** One element of DER; nothing here has 64 KiB. */
function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([
    Buffer.from(length >= 0x80 && length < 0x100 ? [tag, 0x81, length] : head),
    content,
  ])
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts)
const commonName = (text: string): Buffer =>
  sequence(
    tlv(0x31, sequence(tlv(0x06, Buffer.from('550403', 'hex')), tlv(0x0c, Buffer.from(text)))),
  )

const VERSION_3 = tlv(0x02, Buffer.from([2]))
const TRUE = tlv(0x01, Buffer.from([0xff]))
const ECDSA_WITH_SHA256 = sequence(tlv(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
const BASIC_CONSTRAINTS = tlv(0x06, Buffer.from('551d13', 'hex'))
const AUTHORITY = sequence(TRUE)
const END_ENTITY = sequence()
/** From 1970 to 9999: a clock that is wrong is not what is tested. */
const VALIDITY = sequence(
  tlv(0x17, Buffer.from('700101000000Z')),
  tlv(0x18, Buffer.from('99991231235959Z')),
)
