/**
 * PROXY protocol, version 2: what an upstream that does not speak HTTP is told of the device, in octets ahead of the
 * device's own (HAProxy's proxy-protocol.txt, §2.2). We write it and never read it.
 */
import { socketOctets } from '../kernel/network.ts'
import type { Certificate } from '../x509/certificate.ts'
import { haproxyCommonName } from './encode/product-names.ts'

/** One end of a TCP connection, as its socket tells it. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** What is said. */
export interface ProxyFacts {
  /** The device, and where it called. */
  readonly source: Endpoint
  readonly destination: Endpoint
  /** The name that the device asked for (SNI). */
  readonly authority: string | undefined
  /** What the log calls the connection. */
  readonly uniqueId: string
  readonly tls: {
    /** As OpenSSL spells them: `TLSv1.3`, `TLS_AES_128_GCM_SHA256`. */
    readonly version: string
    readonly cipher: string
    readonly resumed: boolean
    /** Undefined where we vouch for no device: then it reads as if no certificate had been shown. */
    readonly vouched: Certificate | undefined
  }
  /** Whether the whole certificate goes along. */
  readonly withCertificate: boolean
}

/**
 * The header, ready to be sent; undefined where the addresses are not known, for which no reader has a word: HAProxy and
 * Apache httpd close on the command PROXY without addresses, and LOCAL says that the octets are ours (§2.2): a device that
 * sends and resets its connection has no address any more, and would speak from that of the front end.
 */
export function proxyHeader(facts: ProxyFacts): Buffer | undefined {
  const block = addressBlock(facts.source, facts.destination)
  if (block === undefined) return undefined
  const { family, addresses } = block
  const body = Buffer.concat([
    addresses,
    ...(facts.authority === undefined ? [] : [tlv(TYPE.authority, text(facts.authority))]),
    tlv(TYPE.uniqueId, text(facts.uniqueId)),
    tlv(TYPE.ssl, sslBlock(facts)),
  ])
  return Buffer.concat([SIGNATURE, Buffer.of(VERSION_2_PROXY, family), uint16(body.length), body])
}

interface AddressBlock {
  readonly family: number
  readonly addresses: Buffer
}

/** Both of one family, or there is no word for the pair: an IPv4 address beside an IPv6 one is written as one, too. */
function addressBlock(source: Endpoint, destination: Endpoint): AddressBlock | undefined {
  const [from, to] = [octetsOf(source.address), octetsOf(destination.address)]
  if (from === undefined || to === undefined) return undefined
  const ports = Buffer.concat([uint16(source.port), uint16(destination.port)])
  const isFour = from.length === IPV4_OCTETS && to.length === IPV4_OCTETS
  const [one, other] = isFour ? [from, to] : [mapped(from), mapped(to)]
  return {
    family: isFour ? TCP_OVER_IPV4 : TCP_OVER_IPV6,
    addresses: Buffer.concat([one, other, ports]),
  }
}

/** Four octets or sixteen; nothing for what is no address. A link-local one comes with its interface. */
function octetsOf(address: string): Buffer | undefined {
  const [plain = ''] = address.split('%', 1)
  const octets = socketOctets(plain)
  return octets === undefined ? undefined : Buffer.from(octets)
}

const mapped = (octets: Buffer): Buffer =>
  octets.length === IPV4_OCTETS ? Buffer.concat([MAPPED_PREFIX, octets]) : octets

/** Client bits, the verdict, then what is known of the session (§2.2.6). */
function sslBlock({ tls, withCertificate }: ProxyFacts): Buffer {
  const { version, cipher, resumed, vouched } = tls
  const shown = resumed ? CLIENT.certificateInSession : CLIENT.certificate
  const client = vouched === undefined ? CLIENT.none : shown
  // Zero says that a certificate was verified: a device without one that we vouch for is not that.
  const verify = Buffer.of(0, 0, 0, vouched === undefined ? 1 : 0)
  const name = vouched === undefined ? undefined : commonName(vouched)
  return Buffer.concat([
    Buffer.of(client),
    verify,
    tlv(SSL_TYPE.version, text(version)),
    ...(name === undefined ? [] : [tlv(SSL_TYPE.commonName, text(name))]),
    tlv(SSL_TYPE.cipher, text(cipher)),
    ...(vouched === undefined || !withCertificate ? [] : [tlv(SSL_TYPE.certificate, vouched.der)]),
  ])
}

/** The label of a device, as HAProxy writes it; undefined where there is none, or one that is too long to be read. */
function commonName({ subject }: Certificate): string | undefined {
  const name = haproxyCommonName(subject)
  return name === undefined || Buffer.byteLength(name) > LONGEST_NAME ? undefined : name
}

const tlv = (type: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.of(type), uint16(value.length), value])

const text = (value: string): Buffer => Buffer.from(value, 'utf8')

function uint16(value: number): Buffer {
  const octets = Buffer.alloc(2)
  octets.writeUInt16BE(value)
  return octets
}

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
/** Version 2, command PROXY. */
const VERSION_2_PROXY = 0x21
/** X.520 allows 64 characters; no reader takes a header with more octets than this, and one of 65,536 cannot be written. */
const LONGEST_NAME = 16_384
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21
const IPV4_OCTETS = 4
const MAPPED_PREFIX = Buffer.from('00000000000000000000ffff', 'hex')

const TYPE = { authority: 0x02, uniqueId: 0x05, ssl: 0x20 } as const
const SSL_TYPE = { version: 0x21, commonName: 0x22, cipher: 0x23, certificate: 0x28 } as const
/** PP2_CLIENT_SSL is 1, _CERT_CONN 2, _CERT_SESS 4; the last without the second on a resumed session. */
const CLIENT = { none: 0x01, certificate: 0x07, certificateInSession: 0x05 } as const
