/**
 * What an operator should know about the CAs of an enrollment setting although devices can be judged by them.
 */
import { X509Certificate } from 'node:crypto'
import type { EnrollmentSetting } from '../config/trust/types.ts'
import { isOfPublicAuthority } from '../handshake/public-authorities.ts'
import { countText } from '../kernel/count-text.ts'
import { isoText, type Fault, type Instant } from '../kernel/types.ts'
import type { TrustStore } from '../trust/store.ts'
import type { Certificate } from '../x509/certificate.ts'
import { AUTHORITY_DAYS, endsSoon } from '../x509/ending-soon.ts'
import { KEY_USAGE } from '../x509/extensions.ts'
import { printName } from '../x509/print-name.ts'

/** A setting with the certificates of its chain. */
type ReadSetting = Pick<EnrollmentSetting, 'at' | 'name' | 'standing'> & {
  readonly chain: readonly Certificate[]
}

/** Says of each setting that admits, or will, which of its CAs end, which are none, and which are everybody's. */
export function chainWarnings(
  settings: readonly ReadSetting[],
  { anchors }: Pick<TrustStore, 'anchors'>,
  now: Instant,
): readonly Fault[] {
  return settings.flatMap((setting) => {
    const { at, name, chain, standing } = setting
    if (standing.kind === 'distrusted') return []
    const tops = anchors.filter((one) => one.setting === name).map(({ certificate }) => certificate)
    const isTop = (one: Certificate): boolean =>
      tops.some(({ fingerprint }) => fingerprint === one.fingerprint)
    return [
      ...publicTexts(tops, chain.length),
      ...chain.flatMap((one) =>
        isTop(one) || isCa(one)
          ? validityTexts(one, isTop(one) ? 'its CA' : 'its intermediate CA', { setting, now })
          : [leafText(one)],
      ),
    ].map((text) => ({ at, message: `${name}: ${text}` }))
  })
}

const isCa = ({ extensions: { basicConstraints, keyUsage } }: Certificate): boolean =>
  basicConstraints?.ca === true &&
  (keyUsage === undefined || (keyUsage & KEY_USAGE.keyCertSign) !== 0)

const leafText = ({ subject, extensions }: Certificate): string =>
  `${printName(subject)} in its chain is no CA (${
    extensions.basicConstraints?.ca === true ? 'key usage without keyCertSign' : 'basic constraints'
  }): it vouches for no device; take it out, and add the CA that was meant`

function publicTexts(tops: readonly Certificate[], all: number): readonly string[] {
  const found = tops.filter(({ der }) => isOfPublicAuthority(new X509Certificate(der)))
  const [first] = found
  if (first === undefined) return []
  const how = `${found.length} of the ${countText(all, 'certificate')} of its chain`
  return [
    `${how}, such as ${printName(first.subject)}, ${found.length === 1 ? 'is' : 'are'} of public web authorities, wanted the CA that issues to your devices and to no others: every certificate for clients that such an authority issues is taken for a device's, and anybody can have one; upload your own CA alone`,
  ]
}

function validityTexts(
  { notAfter, notBefore, subject }: Certificate,
  which: string,
  { setting: { standing }, now }: { readonly setting: ReadSetting; readonly now: Instant },
): readonly string[] {
  const who = which === 'its CA' ? which : `${which} ${printName(subject)}`
  if (now > notAfter) return [`${who} expired at ${isoText(notAfter)} and admits no device`]
  if (now < notBefore) {
    return [`${who} is valid only from ${isoText(notBefore)} and admits no device before`]
  }
  const isOverBefore =
    standing.kind === 'previously-trusted' &&
    standing.sunset !== undefined &&
    standing.sunset <= notAfter
  if (isOverBefore || !endsSoon({ notAfter, notBefore }, { now, days: AUTHORITY_DAYS })) return []
  return [`${who} expires at ${isoText(notAfter)}; stage its successor now`]
}
