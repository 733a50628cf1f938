/**
 * What the judge looked at on a sound path, certificate by certificate from the device up to the trust anchor: the
 * facts behind "signatures, names, constraints and purpose hold".
 */
import { countText } from '../../kernel/count-text.ts'
import { signatureText } from '../../trust/algorithms.ts'
import type { SoundPath } from '../../trust/validate.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { EXTENSION, KEY_USAGE } from '../../x509/extensions.ts'
import { keyText } from '../../x509/key.ts'
import type { Subtree } from '../../x509/extension/name-constraints.ts'
import { generalNameText } from '../../x509/print-name.ts'
import { withFacts, yes, type Fact, type Section, type Step } from './account.ts'
import { name } from './certificates.ts'

/** One section per path, with a step per certificate. */
export function checkSections(paths: readonly SoundPath[]): readonly Section[] {
  return paths.map(({ certificates, anchor }, index) => ({
    title: paths.length === 1 ? 'What was checked on it' : `What was checked on path ${index + 1}`,
    steps: [
      ...certificates.map((one, depth) =>
        checkStep(one, certificates[depth + 1] ?? anchor.certificate),
      ),
      withFacts(yes(`${name(anchor.certificate)}, the trust anchor`), [
        ['signature', 'not asked for: it is trusted by itself'],
        ...rights(anchor.certificate),
      ]),
    ],
  }))
}

const checkStep = (certificate: Certificate, issuer: Certificate): Step =>
  withFacts(yes(name(certificate)), [
    [
      'signature',
      `${signatureText(certificate.signature.algorithm)}, verified with the key of ${name(issuer)}`,
    ],
    ...rights(certificate),
  ])

function rights({ publicKey, extensions }: Certificate): readonly Fact[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, nameConstraints, policies } = extensions
  const critical = extensions.all.filter((one) => one.critical).map(({ oid }) => extensionText(oid))
  return [
    ['key', `${keyText(publicKey.algorithm)}, strong enough`],
    ['CA', caText(basicConstraints)],
    ['key usage', keyUsage === undefined ? 'not limited' : usageText(keyUsage)],
    ['purposes', extendedKeyUsage?.map(purposeText).join(', ') ?? 'not limited'],
    ...(nameConstraints === undefined
      ? []
      : [
          ['may name', subtreesText(nameConstraints.permitted) || 'anything'] as const,
          ['may not name', subtreesText(nameConstraints.excluded) || 'nothing more'] as const,
        ]),
    ...(policies === undefined ? [] : [['policies', shortened(policies)] as const]),
    ['critical', critical.length === 0 ? 'nothing' : `${critical.join(', ')}: all understood`],
  ]
}

function caText(constraints: Certificate['extensions']['basicConstraints']): string {
  if (constraints?.ca !== true) return 'no'
  const { pathLength } = constraints
  return pathLength === undefined
    ? 'yes'
    : `yes, with at most ${countText(pathLength, 'intermediate')} below`
}

/** RFC 5280 §4.2.1.3, from the first bit on. */
const USAGES: readonly (readonly [number, string])[] = [
  [KEY_USAGE.digitalSignature, 'digitalSignature'],
  [0x4000_0000, 'nonRepudiation'],
  [KEY_USAGE.keyEncipherment, 'keyEncipherment'],
  [0x1000_0000, 'dataEncipherment'],
  [KEY_USAGE.keyAgreement, 'keyAgreement'],
  [KEY_USAGE.keyCertSign, 'keyCertSign'],
  [KEY_USAGE.crlSign, 'cRLSign'],
  [0x0100_0000, 'encipherOnly'],
  [0x0080_0000, 'decipherOnly'],
]

const usageText = (usage: number): string =>
  USAGES.flatMap(([bit, word]) => ((usage & bit) === 0 ? [] : [word])).join(', ') || 'nothing'

const PURPOSES: ReadonlyMap<string, string> = new Map([
  ['1.3.6.1.5.5.7.3.1', 'serverAuth'],
  ['1.3.6.1.5.5.7.3.2', 'clientAuth'],
  ['1.3.6.1.5.5.7.3.3', 'codeSigning'],
  ['1.3.6.1.5.5.7.3.4', 'emailProtection'],
  ['1.3.6.1.5.5.7.3.8', 'timeStamping'],
  ['1.3.6.1.5.5.7.3.9', 'OCSPSigning'],
  ['2.5.29.37.0', 'any'],
])

const purposeText = (oid: string): string => PURPOSES.get(oid) ?? oid

const EXTENSIONS: ReadonlyMap<string, string> = new Map(
  Object.entries(EXTENSION).map(([word, oid]) => [oid, word]),
)

const extensionText = (oid: string): string => EXTENSIONS.get(oid) ?? oid

const subtreesText = (subtrees: readonly Subtree[]): string =>
  shortened(subtrees.map(({ base }) => generalNameText(base)))

/** A few, and how many more: a bridge between governments carries hundreds. */
const shortened = (texts: readonly string[]): string =>
  texts.length <= MAX_SHOWN
    ? texts.join(', ')
    : `${texts.slice(0, MAX_SHOWN).join(', ')} and ${texts.length - MAX_SHOWN} more`

const MAX_SHOWN = 12
