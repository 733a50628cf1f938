/**
 * What an operator should know about the revocation lists in force: which CA has none, which list has ended or is about to.
 * The start, a reload and `tfe check` ask here, and the verdict on a device by the same lists.
 */
import type { EnrollmentSetting } from '../config/trust/types.ts'
import type { RevocationPolicy } from '../decide/policy.ts'
import { shellWord } from '../kernel/shell-word.ts'
import { DAY_MS, isoText, plus, type Fault, type Instant } from '../kernel/types.ts'
import { authorityKey, CLOCK_SKEW_MS, type RevocationList } from '../trust/revocation.ts'
import type { Certificate } from '../x509/certificate.ts'
import { printName } from '../x509/print-name.ts'
import type { CompiledTrust } from './revocation-policy.ts'

/** Says of each setting that asks for revocation what would keep its lists from being what they are for. */
export function listWarnings(
  { config, chains }: ListedTrust,
  { lists }: Pick<RevocationPolicy, 'lists'>,
  now: Instant,
): readonly Fault[] {
  return config.trust.enrollmentSettings.flatMap((setting) => {
    const { name, crl, standing } = setting
    const admits = standing.kind === 'current' || standing.kind === 'previously-trusted'
    if (crl === undefined || !admits) return []
    const [{ at }] = crl.lists
    const chain = chains.get(name) ?? []
    const authorities = new Map(chain.map((one) => [authorityKey(one), one]))
    const texts = [...authorities].flatMap(([key, authority]) => {
      const own = lists.get(key) ?? []
      if (own.length > 0) return own.flatMap((list) => listTexts(list, crl, now))
      return issuesToDevices(authority, chain) ? [withoutList(authority, setting, crl)] : []
    })
    return texts.map((text) => ({ at, message: `${name}: ${text}` }))
  })
}

/** The part of a compiled configuration that is looked at. */
interface ListedTrust extends Pick<CompiledTrust, 'chains'> {
  readonly config: {
    readonly trust: {
      readonly enrollmentSettings: readonly Pick<EnrollmentSetting, 'crl' | 'name' | 'standing'>[]
    }
  }
}

type Demand = NonNullable<EnrollmentSetting['crl']>

/** A CA that stands above another one of its chain may have issued to none but that one. */
const issuesToDevices = (one: Certificate, chain: readonly Certificate[]): boolean =>
  chain.every(
    (other) => other.issuer.key !== one.subject.key || other.subject.key === one.subject.key,
  )

const withoutList = (
  { subject }: Certificate,
  { name }: Pick<EnrollmentSetting, 'name'>,
  { failure }: Demand,
): string =>
  `no revocation list of ${printName(subject)} is in force: ${EFFECTS[failure]}; name the place of its list (\`tfe crl add ${shellWord(name)} PLACE\`, or \`crl\` in the file where there is no store)`

const EFFECTS: Readonly<Record<Demand['failure'], string>> = {
  'hard-fail': 'devices whose certificate it issued are refused (revocation-unknown)',
  'soft-fail': 'devices whose certificate it issued are admitted unchecked (soft-fail)',
}

function listTexts(
  { crl }: RevocationList,
  { failure, grace }: Demand,
  now: Instant,
): readonly string[] {
  const { issuer, number, thisUpdate, nextUpdate } = crl
  const numbered = number === undefined ? '' : ` ${number}`
  const which = `the revocation list${numbered} of ${printName(issuer)}`
  if (thisUpdate > now + CLOCK_SKEW_MS) {
    return [
      `${which} begins only at ${isoText(thisUpdate)}: until then ${EFFECTS[failure]}; compare the clocks of this machine and of the CA`,
    ]
  }
  if (now > nextUpdate) {
    const end = plus(nextUpdate, grace)
    const counts = failure === 'hard-fail' && now <= end
    const effect = counts ? `it still counts until ${isoText(end)} (grace)` : EFFECTS[failure]
    return [
      `${which} ended at ${isoText(nextUpdate)}, by when its successor was due: ${effect}; let the CA publish a new one`,
    ]
  }
  const left = nextUpdate - now
  const isSoon = left < DAY_MS && left < (nextUpdate - thisUpdate) / 20
  return isSoon
    ? [
        `${which} ends at ${isoText(nextUpdate)}, and its successor is not here: see that the CA publishes it in time`,
      ]
    : []
}

/**
 * A twentieth of its life, a day at most: CAs publish the next list when a tenth of the one before is left, Active Directory
 * Certificate Services of a week's list twelve hours before.
 */
