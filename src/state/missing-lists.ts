/**
 * Enrollment settings in force that ask for no revocation although their certificates say where a list is: what their
 * CA revokes is admitted.
 */
import type { TrustSettings } from '../config/trust/types.ts'
import { shellWord } from '../kernel/shell-word.ts'
import type { Fault } from '../kernel/types.ts'
import type { Certificate } from '../x509/certificate.ts'
import { listUrlsOf } from '../x509/distribution-points.ts'

/** A place that certificates under a setting name as that of their revocation list. */
export interface ListPoint {
  readonly setting: string
  readonly url: string
}

/** A setting without lists, and where its certificates say that there are some. */
export interface MissingList {
  readonly setting: string
  readonly at: string
  readonly urls: readonly [string, ...string[]]
}

/** The settings in force without a list that certificates of their chain, or of devices under them, point to. */
export function missingLists(
  { enrollmentSettings }: Pick<TrustSettings, 'enrollmentSettings'>,
  chains: ReadonlyMap<string, readonly Certificate[]>,
  points: readonly ListPoint[],
): readonly MissingList[] {
  return enrollmentSettings.flatMap(({ name, at, standing, crl }) => {
    const isInForce = standing.kind === 'current' || standing.kind === 'previously-trusted'
    if (!isInForce || crl !== undefined) return []
    const ofDevices = points.filter(({ setting }) => setting === name).map(({ url }) => url)
    const ofChain = (chains.get(name) ?? []).flatMap(({ extensions }) =>
      listUrlsOf(extensions.distributionPoints),
    )
    const [first, ...others] = new Set([...ofDevices, ...ofChain])
    return first === undefined ? [] : [{ setting: name, at, urls: [first, ...others] }]
  })
}

/** What an operator is told of it. */
export const missingListWarning = ({ setting, at, urls }: MissingList): Fault => ({
  at,
  message: `certificates of the enrollment setting ${setting} name ${urls[0]} as the place of their revocation list, and the setting has no list: a revoked device is admitted; name it (\`tfe crl add ${shellWord(setting)} ${shellWord(urls[0])}\`, or \`crl\` in the file where there is no store)`,
})
