/**
 * The revocation lists of x509-limbo's cases, as an operator would configure them: each list at the enrollment setting
 * whose CA it names, under hard-fail; a list that cannot be believed counts as one that was never read.
 */
import type { RevocationDemand, RevocationPolicy } from '../../src/decide/policy.ts'
import type { Millis } from '../../src/kernel/types.ts'
import { departuresOf, objectionTo, type ListDeparture } from '../../src/revoke/departures.ts'
import { DEFAULT_LIMITS, type Profile } from '../../src/trust/limits.ts'
import { listsByIssuer, verifyList } from '../../src/trust/revocation.ts'
import type { Certificate } from '../../src/x509/certificate.ts'
import { parseCrl, parseCrls } from '../../src/x509/crl.ts'

interface Setting {
  readonly name: string
  readonly chain: readonly Certificate[]
}

/** What the lists of a case come to, and what is odd about those that count. */
export function revocationOf(
  pems: readonly string[],
  settings: readonly Setting[],
  profile: Profile,
): { readonly policy: RevocationPolicy; readonly findings: readonly ListDeparture[] } {
  const demands = new Map<string, RevocationDemand>()
  const findings: ListDeparture[] = []
  const lists = pems.flatMap((pem) => {
    const of = settings.filter(({ chain }) => belongs(pem, chain))
    const authorities = of.flatMap(({ chain }) => chain)
    const file = parseCrls(Buffer.from(pem))
    const isTaken = file.ok && objectionTo(file.value, profile) === undefined
    const list = isTaken ? verifyList(file.value.crls[0], authorities, DEFAULT_LIMITS) : undefined
    const isBelieved = list?.ok === true
    for (const { name } of of) demands.set(name, { ...HARD, incomplete: !isBelieved })
    if (!isTaken || !isBelieved) return []
    findings.push(...departuresOf(file.value))
    return [list.value]
  })
  return { policy: { lists: listsByIssuer(lists), demands }, findings }
}

/** Whether an operator would configure this list for this chain; an unreadable one, for every chain. */
export function belongs(pem: string, chain: readonly Certificate[]): boolean {
  const crl = parseCrl(Buffer.from(pem))
  return chain.some(({ subject }) => !crl.ok || subject.key === crl.value.issuer.key)
}

const HARD = { failure: 'hard-fail', grace: 0 as Millis } as const
