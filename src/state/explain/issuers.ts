/**
 * Who signed whom, as far up as signatures hold; and where they stop holding, the authorities that were almost it.
 * Looks for an operator, within a bound; the judge's own word is asked elsewhere.
 */
import { closestMatch } from '../../kernel/closest-match.ts'
import type { TrustStore } from '../../trust/store.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { Name } from '../../x509/name.ts'
import { printName } from '../../x509/print-name.ts'
import { no, note, type Step, yes } from './account.ts'
import { name } from './certificates.ts'
import { verifiesUnder } from '../../x509/verify-signature.ts'

/** A certificate that may have signed another, and where we know it from. */
interface Authority {
  readonly certificate: Certificate
  readonly from: string
  readonly anchor: boolean
}

/** One step per signature that was tried, upwards from the leaf. */
export function issuerSteps(
  leaf: Certificate,
  presented: readonly Certificate[],
  { trust, shown }: KnownIssuers,
): readonly Step[] {
  const known = authorities(presented, { trust, shown })
  const steps: Step[] = []
  const seen = new Set<string>()
  let left = MAX_SIGNATURES
  const isSignedBy: Signed = (certificate, issuer) => {
    if (left === 0) return false
    left -= 1
    return verifiesUnder(certificate, issuer)
  }
  const queue: Certificate[] = [leaf]
  for (const certificate of queue) {
    if (seen.has(certificate.fingerprint) || seen.size === MAX_STEPS) continue
    seen.add(certificate.fingerprint)
    // Itself excluded: what signed itself leads nowhere, and an anchor is not asked who signed it.
    const others = known.filter((one) => one.certificate.fingerprint !== certificate.fingerprint)
    const found = issuersOf(certificate, others, isSignedBy)
    steps.push(...stepsFor(certificate, { found, others, isSignedBy }))
    queue.push(...found.filter(({ anchor }) => !anchor).map((one) => one.certificate))
  }
  if (left > 0) return steps
  return [
    ...steps,
    note(`more than ${MAX_SIGNATURES} signatures were to be tried: the rest were not`),
  ]
}

/** Where issuers are known from besides what was presented. */
export interface KnownIssuers {
  readonly trust: TrustStore
  /** Devices have shown them before. */
  readonly shown: readonly Certificate[]
}

type Signed = (certificate: Certificate, issuer: Certificate) => boolean

interface Signers {
  readonly found: readonly Authority[]
  readonly others: readonly Authority[]
  readonly isSignedBy: Signed
}

function stepsFor(
  certificate: Certificate,
  { found, others, isSignedBy }: Signers,
): readonly Step[] {
  if (found.length === 0) return nearMisses(certificate, others, isSignedBy)
  return found.map(({ certificate: issuer, from, anchor }) =>
    yes(
      `${name(certificate)} was signed by ${name(issuer)}`,
      `${anchor ? 'a trust anchor' : 'an intermediate'}, ${from}`,
    ),
  )
}

function authorities(
  presented: readonly Certificate[],
  { trust, shown }: KnownIssuers,
): readonly Authority[] {
  const all = [
    ...trust.anchors.map(({ certificate, setting }) => ({
      certificate,
      from: `from the enrollment setting ${setting}`,
      anchor: true,
    })),
    ...trust.intermediates.map((certificate) => ({
      certificate,
      from: 'from an enrollment setting',
      anchor: false,
    })),
    ...presented.map((certificate) => ({
      certificate,
      from: 'sent along by the device',
      anchor: false,
    })),
    ...shown.map((certificate) => ({
      certificate,
      from: 'shown by a device before',
      anchor: false,
    })),
  ]
  // An anchor stands for all its settings; what is sent along besides is where it was known from first.
  const anchors = all.filter(({ anchor }) => anchor)
  const others = all.filter(({ anchor }) => !anchor)
  const first = new Map(
    [...others, ...anchors].toReversed().map((one) => [one.certificate.fingerprint, one]),
  )
  return [...anchors, ...others.filter((one) => first.get(one.certificate.fingerprint) === one)]
}

const issuersOf = (
  certificate: Certificate,
  known: readonly Authority[],
  isSignedBy: Signed,
): readonly Authority[] =>
  known.filter(
    (one) =>
      one.certificate.subject.key === certificate.issuer.key &&
      isSignedBy(certificate, one.certificate),
  )

/** No known authority signed it: which has the name, which the key, which is called almost the same. */
function nearMisses(
  certificate: Certificate,
  known: readonly Authority[],
  isSignedBy: Signed,
): readonly Step[] {
  const { issuer, extensions } = certificate
  const wanted = printName(issuer)
  const self = issuer.key === certificate.subject.key && verifiesUnder(certificate, certificate)
  const identifier = extensions.authorityKeyIdentifier?.keyIdentifier
  const misses = known.flatMap((one): readonly string[] => {
    const other = one.certificate
    const sameName = other.subject.key === issuer.key
    const sameIdentifier =
      identifier !== undefined && other.extensions.subjectKeyIdentifier === identifier
    if (sameName) {
      return [
        `${name(other)} (${one.from}) has the name and another key: a CA made anew under the old name?`,
      ]
    }
    if (isSignedBy(certificate, other)) {
      return [`${name(other)} (${one.from}) has the key and another name: was the CA renamed?`]
    }
    return sameIdentifier
      ? [
          `${name(other)} (${one.from}) has the key identifier ${identifier}, but neither the name nor the key`,
        ]
      : []
  })
  const subjects = known.map((one) => name(one.certificate))
  const alike =
    misses.length === 0 ? closestMatch(shortName(issuer), commonNames(known)) : undefined
  return [
    no(
      self
        ? `${name(certificate)} was signed by its own key: only a trust anchor may be`
        : `${name(certificate)} asks for ${wanted}, and no authority known here signed it`,
      ...misses,
      ...(alike === undefined ? [] : [`'${alike}' is called almost the same`]),
    ),
    note(`known here: ${subjects.length === 0 ? 'none' : subjects.join('; ')}`),
  ]
}

const commonNames = (known: readonly Authority[]): readonly string[] =>
  known.map((one) => shortName(one.certificate.subject))

/** The most telling part of a name: what its CAs share (organisation, country) makes all of them look alike. */
const shortName = ({ rdns }: Name): string => rdns.at(-1)?.[0]?.text ?? ''

/** Honest paths have three or four; this bounds what a strange file may cost. */
const MAX_STEPS = 16
/** Some 30 ms of a process that serves, whatever keys were sent along. */
const MAX_SIGNATURES = 256
