/**
 * Who signed whom, as far up as signatures hold; and where they stop holding, the authorities that were almost it.
 * Looks for an operator, within a bound; the judge's own word is asked elsewhere.
 */
import { closestMatch } from '../../kernel/closest-match.ts'
import type { TrustStore } from '../../trust/store.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { Name } from '../../x509/name.ts'
import { printName } from '../../x509/print-name.ts'
import { no, note, type Step, yes } from './report.ts'
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
  store: TrustStore,
): readonly Step[] {
  const known = authorities(presented, store)
  const steps: Step[] = []
  const seen = new Set<string>()
  const queue: Certificate[] = [leaf]
  for (const certificate of queue) {
    if (seen.has(certificate.fingerprint) || seen.size === MAX_STEPS) continue
    seen.add(certificate.fingerprint)
    // Itself excluded: what signed itself leads nowhere, and an anchor is not asked who signed it.
    const others = known.filter((one) => one.certificate.fingerprint !== certificate.fingerprint)
    const found = issuersOf(certificate, others)
    steps.push(...stepsFor(certificate, found, others))
    queue.push(...found.filter(({ anchor }) => !anchor).map((one) => one.certificate))
  }
  return steps
}

function stepsFor(
  certificate: Certificate,
  found: readonly Authority[],
  others: readonly Authority[],
): readonly Step[] {
  if (found.length === 0) return nearMisses(certificate, others)
  return found.map(({ certificate: issuer, from, anchor }) =>
    yes(
      `${name(certificate)} was signed by ${name(issuer)}`,
      `${anchor ? 'a trust anchor' : 'an intermediate'}, ${from}`,
    ),
  )
}

function authorities(presented: readonly Certificate[], store: TrustStore): readonly Authority[] {
  return [
    ...store.anchors.map(({ certificate, setting }) => ({
      certificate,
      from: `from the enrollment setting ${setting}`,
      anchor: true,
    })),
    ...store.intermediates.map((certificate) => ({
      certificate,
      from: 'from an enrollment setting',
      anchor: false,
    })),
    ...presented
      .filter((one) => !store.intermediates.some((known) => known.fingerprint === one.fingerprint))
      .filter(
        (one) => !store.anchors.some((known) => known.certificate.fingerprint === one.fingerprint),
      )
      .map((certificate) => ({ certificate, from: 'sent along by the device', anchor: false })),
  ]
}

const issuersOf = (certificate: Certificate, known: readonly Authority[]): readonly Authority[] =>
  known.filter(
    (one) =>
      one.certificate.subject.key === certificate.issuer.key &&
      verifiesUnder(certificate, one.certificate),
  )

/** No known authority signed it: which has the name, which the key, which is called almost the same. */
function nearMisses(certificate: Certificate, known: readonly Authority[]): readonly Step[] {
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
    if (verifiesUnder(certificate, other)) {
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
