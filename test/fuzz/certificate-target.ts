/**
 * Everything that octets from a stranger go through before there is a verdict: PEM, the reader, the judge in each
 * place that a certificate can have, the names as they are shown.
 */
import { parseAnchor } from '../../src/trust/anchor.ts'
import { examine, type Examination } from '../../src/trust/judge.ts'
import { DEFAULT_LIMITS } from '../../src/trust/limits.ts'
import { trustStore } from '../../src/trust/store.ts'
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import { serialOctets, serialText } from '../../src/x509/extensions.ts'
import { parsePem, pemOf } from '../../src/x509/pem.ts'
import { printName } from '../../src/x509/print-name.ts'
import type { Input, Outcome, Target } from './campaign.ts'
import { inputsFrom } from './inputs.ts'
import { opensslOpinion } from './oracle.ts'
import { DEVICE, ISSUING, ROOT, SEEDS } from './seeds.ts'
import { elementsAllowed, elementsReadBy } from './work.ts'

/** Certificates, alone and in PEM. */
export const certificates: Target = {
  name: 'certificates',
  make: inputsFrom(SEEDS, 'CERTIFICATE'),
  attempt: tryCertificate,
}

function tryCertificate(input: Input): Outcome {
  if (input.kind === 'der') return tryDer(input.octets)
  const parsed = parsePem(input.text)
  if (!parsed.ok) return { words: ['pem refused'], broken: [] }
  const outcomes = parsed.value.map(({ der }) => tryDer(der))
  return {
    words: ['pem read', ...outcomes.flatMap(({ words }) => words)],
    broken: outcomes.flatMap(({ broken }) => broken),
  }
}

function tryDer(octets: Buffer): Outcome {
  let parsed: ReturnType<typeof parseCertificate> | undefined
  const elements = elementsReadBy(() => {
    parsed = parseCertificate(octets)
  })
  const broken: string[] = []
  if (elements > elementsAllowed(octets.length)) {
    broken.push(`${elements} elements read in ${octets.length} octets`)
  }
  if (parsed === undefined) return { words: [], broken }
  if (!parsed.ok) {
    const { failure } = parsed
    const word = failure.kind === 'certificate-malformed' ? failure.problem : failure.kind
    return { words: [word], broken }
  }
  const certificate = parsed.value
  const words = ['read', ...judgements(certificate, broken), ...shown(certificate, broken)]
  const opinion = opensslOpinion(certificate)
  if (opinion.kind === 'differs') broken.push(opinion.what)
  if (opinion.kind === 'known') words.push(`OpenSSL differs: ${opinion.reason}`)
  return { words, broken }
}

/** Judged as a leaf, as what a leaf came with, and as what an operator uploaded. */
function judgements(certificate: Certificate, broken: string[]): readonly string[] {
  const asLeaf = examine({ leaf: certificate, intermediates: [ISSUER] }, STORE, 'client')
  const asIssuer = examine({ leaf: known(DEVICE), intermediates: [certificate] }, STORE, 'client')
  const asAnchor = parseAnchor(certificate, 'uploaded')
  for (const examination of [asLeaf, asIssuer]) checkSpending(examination, broken)
  return [
    `as leaf ${verdictOf(asLeaf)}`,
    `as issuer ${verdictOf(asIssuer)}`,
    `as anchor ${asAnchor.ok ? 'fit' : 'unfit'}`,
  ]
}

const verdictOf = ({ result }: Examination): string => (result.ok ? 'sound' : result.failure.kind)

function checkSpending({ result, spent }: Examination, broken: string[]): void {
  for (const resource of ['signatures', 'steps', 'comparisons'] as const) {
    const isOver = spent[resource] > DEFAULT_LIMITS[resource]
    const admitsIt = result.ok || result.failure.kind === 'budget-exhausted'
    if (isOver && !admitsIt) broken.push(`${spent[resource]} ${resource} spent on one certificate`)
  }
}

/** What people and upstreams see of it. */
function shown({ subject, issuer, serial, der }: Certificate, broken: string[]): readonly string[] {
  for (const name of [subject, issuer]) {
    const printed = (['rfc4514', 'rfc2253', 'slash'] as const).map((form) => printName(name, form))
    const longest = Math.max(name.key.length, ...printed.map(({ length }) => length))
    if (longest > der.length * LONGER) broken.push(`${longest} characters for a name`)
  }
  if (serialText(serialOctets(serial)) !== serial) broken.push('its serial is another in octets')
  const [again] = values(parsePem(pemOf(der)))
  if (again?.der.equals(der) !== true) broken.push('its PEM is another certificate')
  return []
}

/** Escapes take three characters for an octet, compatibility forms join up to nine; the rest is reserve. */
const LONGER = 16

function values<Value>(result: { readonly ok: boolean; readonly value?: readonly Value[] }) {
  return result.value ?? []
}

function known(octets: Buffer): Certificate {
  const parsed = parseCertificate(octets)
  if (!parsed.ok) throw new Error('a seed cannot be read')
  return parsed.value
}

const ISSUER = known(ISSUING)
const STORE = trustStore({
  settings: [{ name: 'fuzz', chain: [known(ROOT)] }],
  profile: 'private',
})
