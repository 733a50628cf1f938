/**
 * What the files of a server's identity go through: a chain in any wrapping, and a key in PEM or in DER of three forms. There
 * is no passphrase, so that no mutant asks for a derivation of hours: what an operator's own PEM asks for has no bound.
 */
import { createECDH, createPrivateKey } from 'node:crypto'
import { serverIdentity } from '../../src/handshake/server-identity.ts'
import { pemOf } from '../../src/x509/pem.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCertificate } from '../support/certificates/mint-certificate.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import type { Input, Outcome, Target } from './campaign.ts'
import { ecSpki, ed25519 } from './keys.ts'
import { mutatedOctets, mutatedTree } from './mutate.ts'
import { ISSUING, ROOT } from './seeds.ts'
import { encode, treeOf } from './tree.ts'
import { elementsAllowed, elementsReadBy } from './work.ts'

/** Private keys, alone and beside their chain. */
export const keyFiles: Target = { name: 'keys', make, attempt: tryKey }

const issuing = ed25519('issuing')
const PKCS8 = issuing.key.export({ type: 'pkcs8', format: 'der' })

/** The private half of `ecSpki`, in both forms, and its certificate. */
const P256 = '1.2.840.10045.3.1.7'
const secret = new SeededRandom(1).octets(32)
const curve = createECDH('prime256v1')
curve.setPrivateKey(secret)
const SEC1 = der.sequence(
  der.integer(1),
  der.octetString(secret),
  der.context(0, der.oid(P256)),
  der.context(1, der.bitString(curve.getPublicKey())),
)
const LEAF = mintCertificate({
  subject: der.commonName('server'),
  keys: { key: issuing.key, spki: ecSpki('prime256v1', P256) },
  issuer: { subject: der.commonName('Issuing'), key: issuing.key },
  serial: 1,
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2036-01-01T00:00:00Z'),
}).der
/** The form of PKCS#1; its numbers are none of an RSA key. */
const PKCS1 = der.sequence(...[0, 3233, 17, 413, 61, 53, 53, 49, 38].map((one) => der.integer(one)))

interface Form {
  readonly label: string
  readonly octets: Buffer
}

const FORMS: readonly [Form, ...Form[]] = [
  { label: 'PRIVATE KEY', octets: PKCS8 },
  {
    label: 'PRIVATE KEY',
    octets: createPrivateKey({ key: SEC1, format: 'der', type: 'sec1' }).export({
      type: 'pkcs8',
      format: 'der',
    }),
  },
  { label: 'EC PRIVATE KEY', octets: SEC1 },
  { label: 'RSA PRIVATE KEY', octets: PKCS1 },
]

const LABELS = [
  'PRIVATE KEY',
  'EC PRIVATE KEY',
  'RSA PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'CERTIFICATE',
  '-A'.repeat(5000),
] as const

/** A chain of both leaves, so that either key has its certificate. */
const CHAIN = pemOf(ISSUING) + pemOf(LEAF) + pemOf(ROOT)

function make(seed: number, number: number): Input {
  const random = new SeededRandom(seed, number)
  const { label, octets: whole } = random.pick(FORMS)
  const tree = treeOf(whole)
  const octets = random.oneIn(4)
    ? whole
    : random.oneIn(2)
      ? mutatedOctets(whole, random)
      : encode(mutatedTree(tree, random, () => tree))
  if (random.oneIn(2)) return { kind: 'der', octets }
  const key = pemOf(octets, random.oneIn(6) ? random.pick(LABELS) : label)
  let text = random.oneIn(2) ? key : random.oneIn(2) ? key + CHAIN : CHAIN + key
  if (random.oneIn(8)) text = `\ufeff${text}`
  if (random.oneIn(8)) text = `0 our key\n${text}`
  if (random.oneIn(8)) text = text.replaceAll('\n', random.pick(['\r\n', '\r', ' \n', '\n\n']))
  if (random.oneIn(8)) text = text.slice(0, random.below(text.length))
  return { kind: 'pem', text }
}

function tryKey(input: Input): Outcome {
  const bytes = input.kind === 'der' ? input.octets : Buffer.from(input.text, 'utf8')
  const isBoth = input.kind === 'pem' && input.text.includes('-----BEGIN CERTIFICATE-----')
  const chain = isBoth ? bytes : Buffer.from(CHAIN)
  const broken: string[] = []
  const words: string[] = []
  const elements = elementsReadBy(() => {
    const opened = serverIdentity({
      kind: 'pem',
      chain: { at: 'chain', path: 'chain.pem', bytes: chain },
      key: { at: 'key', path: 'key.pem', bytes },
      passphrase: undefined,
    })
    if (opened.ok) {
      const { certificates, keyPem } = opened.value
      const isPair = certificates[0].checkPrivateKey(createPrivateKey(keyPem))
      if (!isPair) broken.push('opened with the certificate of another key')
      words.push('opened')
      return
    }
    if (opened.failure.length === 0) broken.push('refused without a fault')
    for (const { at, message } of opened.failure) {
      words.push(WORDS.find(([, sentence]) => sentence.test(message))?.[0] ?? `${at} refused`)
      if (message.length > LONGEST) broken.push(`${message.length} characters in one sentence`)
    }
  })
  if (elements > READINGS * elementsAllowed(chain.length)) {
    broken.push(`${elements} elements read in ${chain.length} octets`)
  }
  return { words, broken }
}

const WORDS: readonly (readonly [word: string, sentence: RegExp])[] = [
  ['no key', /no readable private key/u],
  ['an encrypted key', /encrypted key/u],
  ['the key of another', /belongs to none/u],
]

const LONGEST = 600
/** Of each certificate what kind it is. */
const READINGS = 4
