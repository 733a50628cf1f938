import { expect, test } from 'vitest'
import * as der from '../support/certificates/der-writer.ts'
import {
  mintKeys,
  type Minted,
  type MintedExtension,
} from '../support/certificates/mint-certificate.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  mintCa,
  mintLeaf,
  OIDS,
  subjectKeyIdentifier,
  type Ca,
  type CaOptions,
} from '../support/certificates/mint.ts'
import { caBelow, device, ISSUING, ROOT, verdict, type Peer } from './fleet.ts'

interface Row extends Partial<Peer> {
  readonly promise: string
  readonly expect: string
}

const SERVER = '1.3.6.1.5.5.7.3.1'
const CLIENT = '1.3.6.1.5.5.7.3.2'
const ANY = '2.5.29.37.0'
const unknown = (critical: boolean): MintedExtension => ({
  oid: '1.2.3.4',
  critical,
  value: der.nothing(),
})

/** A device below an issuing CA that is made differently. */
function below(options: Omit<CaOptions, 'name'>): Pick<Peer, 'leaf' | 'presented'> {
  const issuing = caBelow(ROOT, 'Odd issuing', options)
  return { leaf: mintLeaf({ issuer: issuing }), presented: [issuing] }
}

/** A device straight below a root that is made differently. */
function under(options: CaOptions): Pick<Peer, 'leaf' | 'presented' | 'chains'> {
  const root = mintCa({ name: 'Odd root', ...options })
  return { leaf: mintLeaf({ issuer: root }), presented: [], chains: [[root]] }
}

/** A device below as many issuing CAs as there are options. */
function chain(...options: readonly Omit<CaOptions, 'name'>[]): Pick<Peer, 'leaf' | 'presented'> {
  const presented: Ca[] = []
  options.forEach((option, index) => {
    presented.push(caBelow(presented.at(-1) ?? ROOT, `CA ${index}`, option))
  })
  return { leaf: mintLeaf({ issuer: presented.at(-1) ?? ROOT }), presented }
}

const rsa1024 = mintKeys('rsa1024')
const rsa2048 = mintKeys('rsa2048')
const rsaRoot = mintCa({ name: 'RSA root', keys: rsa2048 })

/** Signed with the given digest by an RSA root. */
const digested = (digest: string): Pick<Peer, 'leaf' | 'presented' | 'chains'> => ({
  leaf: mintLeaf({ issuer: rsaRoot, digest }),
  presented: [],
  chains: [[rsaRoot]],
})

/** The issuing CA's name with another key: what a forger can make. */
const forger = mintCa({ name: 'Issuing' })

const ECDSA_SHA256 = '1.2.840.10045.4.3.2'
const ECDSA_NULL = der.sequence(der.oid(ECDSA_SHA256), der.nothing())
const spkiOf = (oid: string, ...parameters: readonly Buffer[]): Buffer =>
  der.sequence(der.sequence(der.oid(oid), ...parameters), der.bitString(Buffer.alloc(32)))
const mlDsa65 = mintKeys('ml-dsa-65')
const mlDsaIssuing = caBelow(ROOT, 'ML-DSA issuing', { keys: mlDsa65 })
const mlDsaRoot = mintCa({ name: 'ML-DSA root', keys: mlDsa65 })
const mlDsaSigned = {
  leaf: mintLeaf({ issuer: mlDsaRoot }),
  presented: [],
  chains: [[mlDsaRoot]],
} as const

/** The same octets with one bit of the signature changed. */
function bent({ der: octets, ...rest }: Minted): Minted {
  const changed = Buffer.from(octets)
  changed[changed.length - 2] = (changed.at(-2) ?? 0) ^ 1
  return { ...rest, der: changed }
}

const rows: readonly Row[] = [
  { promise: 'a device below the issuing CA is sound', expect: 'sound' },
  {
    promise: 'a device straight below the root is sound',
    leaf: mintLeaf({ issuer: ROOT }),
    expect: 'sound',
  },
  {
    promise: 'a device of an unknown CA is not',
    leaf: mintLeaf({ issuer: mintCa({ name: 'Other' }) }),
    expect: 'untrusted-issuer',
  },
  {
    promise: 'a device whose intermediate is missing is not',
    presented: [],
    expect: 'untrusted-issuer',
  },
  { promise: 'without any anchor no device is sound', chains: [], expect: 'untrusted-issuer' },
  {
    promise: 'a device that signed itself is not',
    leaf: device({ selfSigned: true }),
    expect: 'self-signed',
  },
  {
    promise: 'a device that gives itself the name of an anchor is not',
    leaf: device({ selfSigned: true, name: 'Root' }),
    expect: 'bad-signature',
  },
  {
    promise: 'a signature by another key of the same name is forged',
    leaf: mintLeaf({ issuer: forger }),
    expect: 'bad-signature',
  },
  {
    promise: 'one changed bit of the signature is enough',
    leaf: bent(device()),
    expect: 'bad-signature',
  },
  {
    promise: 'an intermediate with a changed signature carries no device',
    presented: [bent(ISSUING)],
    expect: 'bad-signature',
  },
  {
    promise: 'a forged intermediate carries no device',
    ...(() => {
      const issuing = caBelow(mintCa({ name: 'Root' }), 'Forged issuing')
      return { leaf: mintLeaf({ issuer: issuing }), presented: [issuing] }
    })(),
    expect: 'bad-signature',
  },

  { promise: 'SHA-256 is strong enough', ...digested('sha256'), expect: 'sound' },
  { promise: 'SHA-512 is strong enough', ...digested('sha512'), expect: 'sound' },
  { promise: 'SHA-1 is not', ...digested('sha1'), expect: 'weak-signature' },
  { promise: 'MD5 is not', ...digested('md5'), expect: 'weak-signature' },
  {
    promise: 'SHA-1 is enough where the operator says so',
    ...digested('sha1'),
    limits: { digests: ['sha1'] },
    expect: 'sound',
  },
  {
    promise: 'ECDSA with NULL behind it is sound',
    leaf: device({ innerAlgorithm: ECDSA_NULL }),
    expect: 'sound',
  },
  {
    promise: 'ECDSA with NULL behind it departs from profile strict',
    leaf: device({ innerAlgorithm: ECDSA_NULL }),
    profile: 'strict',
    expect: 'departs-from-profile',
  },
  {
    promise: 'ECDSA with NULL behind it proves no forgery',
    leaf: mintLeaf({ issuer: forger, innerAlgorithm: ECDSA_NULL }),
    expect: 'bad-signature',
  },
  {
    promise: 'ECDSA with SHA-1 and NULL is as weak as without',
    leaf: device({
      digest: 'sha1',
      innerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.1'), der.nothing()),
    }),
    expect: 'weak-signature',
  },
  {
    promise: 'an unknown algorithm is not called weak',
    leaf: device({ innerAlgorithm: der.sequence(der.oid('1.2.3.4')) }),
    expect: 'unsupported-signature',
  },
  {
    promise: 'parameters that do not belong are not called weak',
    leaf: device({ innerAlgorithm: der.sequence(der.oid(ECDSA_SHA256), der.sequence()) }),
    expect: 'unsupported-signature',
  },
  {
    promise: 'a key of an unknown kind is not called weak',
    leaf: device({ keys: { key: rsa2048.key, spki: spkiOf('1.2.3.4') } }),
    expect: 'unsupported-key',
  },
  {
    promise: 'an Ed25519 key with parameters is not called weak',
    leaf: device({ keys: { key: rsa2048.key, spki: spkiOf('1.3.101.112', der.nothing()) } }),
    expect: 'unsupported-key',
  },
  {
    promise: 'ML-DSA is not taken unless the operator says so',
    leaf: mintLeaf({ issuer: mlDsaIssuing }),
    presented: [mlDsaIssuing],
    chains: [[ROOT]],
    expect: 'unsupported-key',
  },
  {
    promise: 'a device with an ML-DSA key is not taken unless the operator says so',
    leaf: device({ keys: mlDsa65 }),
    expect: 'unsupported-key',
  },
  {
    promise: 'a device with an ML-DSA key is taken where the operator says so',
    leaf: device({ keys: mlDsa65 }),
    limits: { mlDsa: 65 },
    expect: 'sound',
  },
  {
    promise: 'a signature by ML-DSA is not taken unless the operator says so',
    ...mlDsaSigned,
    expect: 'unfit-anchor',
  },
  {
    promise: 'a signature by ML-DSA is verified where the operator says so',
    ...mlDsaSigned,
    limits: { mlDsa: 65 },
    expect: 'sound',
  },
  {
    promise: 'ML-DSA of a weaker set than the operator takes is not taken',
    ...mlDsaSigned,
    limits: { mlDsa: 87 },
    expect: 'unfit-anchor',
  },
  {
    promise: 'a forged signature by ML-DSA does not hold',
    ...mlDsaSigned,
    leaf: bent(mlDsaSigned.leaf),
    limits: { mlDsa: 44 },
    expect: 'bad-signature',
  },
  {
    promise: 'a device key of RSA 1024 is too weak',
    leaf: device({ keys: rsa1024 }),
    expect: 'weak-key',
  },
  {
    promise: 'a device key of RSA 2048 is strong enough',
    leaf: device({ keys: rsa2048 }),
    expect: 'sound',
  },
  {
    promise: 'a key one bit below the minimum is too weak',
    leaf: device({ keys: rsa2048 }),
    limits: { rsaBits: { minimum: 2049, maximum: 8192 } },
    expect: 'weak-key',
  },
  {
    promise: 'a key at the maximum is taken',
    leaf: device({ keys: rsa2048 }),
    limits: { rsaBits: { minimum: 1024, maximum: 2048 } },
    expect: 'sound',
  },
  {
    promise: 'a key that is too long to verify cheaply is refused',
    leaf: device({ keys: rsa2048 }),
    limits: { rsaBits: { minimum: 1024, maximum: 2047 } },
    expect: 'weak-key',
  },
  {
    promise: 'an intermediate key of RSA 1024 is too weak',
    ...below({ keys: rsa1024 }),
    expect: 'weak-key',
  },
  {
    promise: 'a curve that is not allowed is refused',
    leaf: device({ keyType: 'p521' }),
    limits: { curves: ['P-256'] },
    expect: 'weak-key',
  },
  ...(['p384', 'p521', 'ed25519', 'ed448'] as const).flatMap((keyType) => [
    { promise: `a device key of ${keyType} is sound`, leaf: device({ keyType }), expect: 'sound' },
    { promise: `an issuing CA of ${keyType} is sound`, ...below({ keyType }), expect: 'sound' },
  ]),

  {
    promise: 'a CA without basic constraints issues no certificate',
    ...below({ without: [OIDS.basicConstraints] }),
    expect: 'not-a-ca',
  },
  {
    promise: 'a CA whose basic constraints deny it issues no certificate',
    ...below({ extensions: [basicConstraints(false)] }),
    expect: 'not-a-ca',
  },
  {
    promise: 'a device issues no certificate',
    ...(() => {
      const middle = mintLeaf({ issuer: ISSUING, name: 'middle' })
      const issuer = { ...ISSUING, ...middle }
      return { leaf: mintLeaf({ issuer }), presented: [ISSUING, middle] }
    })(),
    expect: 'not-a-ca',
  },
  {
    promise: 'a CA whose key usage lacks keyCertSign issues no certificate',
    ...below({ extensions: [keyUsage('cRLSign')] }),
    expect: 'ca-may-not-sign',
  },
  {
    promise: 'a CA without key usage may issue',
    ...below({ without: [OIDS.keyUsage] }),
    expect: 'sound',
  },

  { promise: 'path length zero allows devices', ...chain({ pathLength: 0 }), expect: 'sound' },
  {
    promise: 'path length zero allows no CA',
    ...chain({ pathLength: 0 }, {}),
    expect: 'path-length-exceeded',
  },
  { promise: 'path length one allows one CA', ...chain({ pathLength: 1 }, {}), expect: 'sound' },
  {
    promise: 'path length one allows no two',
    ...chain({ pathLength: 1 }, {}, {}),
    expect: 'path-length-exceeded',
  },
  {
    promise: 'a CA cannot widen the path length it was given',
    ...chain({ pathLength: 0 }, { pathLength: 5 }),
    expect: 'path-length-exceeded',
  },
  {
    promise: 'a CA may narrow it',
    ...chain({ pathLength: 5 }, { pathLength: 0 }, {}),
    expect: 'path-length-exceeded',
  },
  {
    promise: 'the path length of the anchor counts',
    ...rootWithPathLength(),
    expect: 'path-length-exceeded',
  },
  {
    promise: 'a self-issued CA does not lengthen the path',
    ...selfIssuedBelow(0),
    expect: 'sound',
  },
  {
    promise: 'the path length of a device is not looked at',
    leaf: device({ extensions: [basicConstraints(true, 0)] }),
    expect: 'sound',
  },
  {
    promise: 'a path as deep as the limit is built',
    ...chain({}, {}),
    limits: { depth: 2 },
    expect: 'sound',
  },
  {
    promise: 'a deeper one is not',
    ...chain({}, {}, {}),
    limits: { depth: 2 },
    expect: 'path-too-long',
  },
  {
    promise: 'depth zero leaves the anchors’ own devices',
    leaf: mintLeaf({ issuer: ROOT }),
    limits: { depth: 0 },
    expect: 'sound',
  },
  {
    promise: 'a self-issued CA does not count for the depth',
    ...selfIssuedBelow(),
    limits: { depth: 1 },
    expect: 'sound',
  },

  {
    promise: 'an unknown extension does no harm',
    leaf: device({ extensions: [unknown(false)] }),
    expect: 'sound',
  },
  {
    promise: 'an unknown critical one in the device does',
    leaf: device({ extensions: [unknown(true)] }),
    expect: 'unknown-critical-extension',
  },
  {
    promise: 'an unknown critical one in a CA does',
    ...below({ extensions: [unknown(true)] }),
    expect: 'unknown-critical-extension',
  },
  {
    promise: 'a key identifier that claims to be critical is one we do not apply',
    leaf: device({ extensions: [{ ...authorityKeyIdentifier(ISSUING.spki), critical: true }] }),
    expect: 'unknown-critical-extension',
  },

  {
    promise: 'a device for servers is no client',
    leaf: device({ purposes: ['serverAuth'] }),
    expect: 'wrong-purpose',
  },
  {
    promise: 'a device for both is a client',
    leaf: device({ purposes: ['serverAuth', 'clientAuth'] }),
    expect: 'sound',
  },
  {
    promise: 'a device without purposes serves any',
    leaf: device({ purposes: [] }),
    expect: 'sound',
  },
  {
    promise: 'a device for any purpose alone is not enough',
    leaf: device({ extensions: [extendedKeyUsage(ANY)] }),
    expect: 'wrong-purpose',
  },
  {
    promise: 'a device for any purpose is enough where the operator says so',
    leaf: device({ extensions: [extendedKeyUsage(ANY)] }),
    limits: { anyPurpose: true },
    expect: 'sound',
  },
  {
    promise: 'a device for any purpose and clients is a client',
    leaf: device({ extensions: [extendedKeyUsage(ANY, CLIENT)] }),
    expect: 'sound',
  },
  {
    promise: 'a CA for servers issues no client',
    ...below({ extensions: [extendedKeyUsage(SERVER)] }),
    expect: 'wrong-purpose',
  },
  {
    promise: 'a CA for clients issues clients',
    ...below({ extensions: [extendedKeyUsage(CLIENT)] }),
    expect: 'sound',
  },
  {
    promise: 'a CA for any purpose issues clients',
    ...below({ extensions: [extendedKeyUsage(ANY)] }),
    expect: 'sound',
  },
  {
    promise: 'an anchor for servers issues no client',
    ...under({ extensions: [extendedKeyUsage(SERVER)] }),
    expect: 'wrong-purpose',
  },
  { promise: 'a client is no server', purpose: 'server', expect: 'wrong-purpose' },
  {
    promise: 'a server is a server',
    leaf: device({ purposes: ['serverAuth'] }),
    purpose: 'server',
    expect: 'sound',
  },

  {
    promise: 'a client whose key may not sign is refused',
    leaf: device({ extensions: [keyUsage('keyEncipherment')] }),
    expect: 'wrong-key-usage',
  },
  {
    promise: 'a client whose key may only agree on keys is refused',
    leaf: device({ extensions: [keyUsage('keyAgreement')] }),
    expect: 'wrong-key-usage',
  },
  {
    promise: 'a client without key usage may sign',
    leaf: device({ without: [OIDS.keyUsage] }),
    expect: 'sound',
  },
  {
    promise: 'a server may take part by key transport',
    leaf: device({ purposes: ['serverAuth'], extensions: [keyUsage('keyEncipherment')] }),
    purpose: 'server',
    expect: 'sound',
  },
  {
    promise: 'a CA’s own certificate may stand for a client without a signing bit',
    leaf: caBelow(ROOT, 'CA as device', {}),
    presented: [],
    expect: 'sound',
  },
  {
    promise: 'but not for a server',
    leaf: caBelow(ROOT, 'CA as device', {}),
    presented: [],
    purpose: 'server',
    expect: 'wrong-key-usage',
  },

  {
    promise: 'an anchor that is no CA is unfit',
    ...under({ extensions: [basicConstraints(false)] }),
    expect: 'unfit-anchor',
  },
  {
    promise: 'an anchor without basic constraints is unfit',
    ...under({ without: [OIDS.basicConstraints] }),
    expect: 'unfit-anchor',
  },
  {
    promise: 'an anchor that may not sign is unfit',
    ...under({ extensions: [keyUsage('cRLSign')] }),
    expect: 'unfit-anchor',
  },
  {
    promise: 'an anchor with a weak key is unfit',
    ...under({ keys: rsa1024 }),
    expect: 'unfit-anchor',
  },
  {
    promise: 'an anchor with an unknown critical extension is unfit',
    ...under({ extensions: [unknown(true)] }),
    expect: 'unfit-anchor',
  },
  {
    promise: 'an anchor that signed itself and names another key is unfit',
    ...under({ extensions: [authorityKeyIdentifier(ROOT.spki)] }),
    expect: 'unfit-anchor',
  },
  { promise: 'an intermediate may be an anchor', chains: [[ISSUING]], expect: 'sound' },
  {
    promise: 'an intermediate that does not say who signed it may not',
    ...(() => {
      const silent = caBelow(ROOT, 'Silent', { without: [OIDS.authorityKeyIdentifier] })
      return { leaf: mintLeaf({ issuer: silent }), presented: [], chains: [[silent]] }
    })(),
    expect: 'unfit-anchor',
  },
  {
    promise: 'an unfit anchor does not spoil a fit one',
    chains: [[mintCa({ name: 'Root', extensions: [basicConstraints(false)] })], [ROOT]],
    expect: 'sound',
  },
  {
    promise: 'key identifiers that do not match are hints and exclude no issuer',
    leaf: device({
      extensions: [authorityKeyIdentifier(ROOT.spki), subjectKeyIdentifier(ROOT.spki)],
    }),
    expect: 'sound',
  },
]

function rootWithPathLength(): Pick<Peer, 'leaf' | 'presented' | 'chains'> {
  const root = mintCa({ name: 'Short root', pathLength: 0 })
  const issuing = caBelow(root, 'Issuing below')
  return { leaf: mintLeaf({ issuer: issuing }), presented: [issuing], chains: [[root]] }
}

/** The same CA again with a new key, signed with its old one: a key rollover. */
function selfIssuedBelow(pathLength?: number): Pick<Peer, 'leaf' | 'presented'> {
  const options = pathLength === undefined ? {} : { pathLength }
  const old = caBelow(ROOT, 'Rolling', options)
  const renewed = caBelow(old, 'Rolling', options)
  return { leaf: mintLeaf({ issuer: renewed }), presented: [old, renewed] }
}

for (const { promise, expect: expected, ...peer } of rows) {
  test(promise, () => {
    expect(verdict({ leaf: device(), ...peer })).toBe(expected)
  })
}
