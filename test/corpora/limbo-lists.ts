/**
 * The revocation lists of x509-limbo's cases, as an operator would configure them: each list at the enrollment setting
 * whose CA it names, under hard-fail; a list that cannot be believed counts as one that was never read.
 */
import type { RevocationDemand, RevocationPolicy } from '../../src/decide/policy.ts'
import type { Millis } from '../../src/kernel/types.ts'
import { DEFAULT_LIMITS } from '../../src/trust/limits.ts'
import { listsByIssuer, verifyList } from '../../src/trust/revocation.ts'
import type { Certificate } from '../../src/x509/certificate.ts'
import { parseCrl } from '../../src/x509/crl.ts'

interface Setting {
  readonly name: string
  readonly chain: readonly Certificate[]
}

/** What the lists of a case come to. */
export function revocationOf(
  pems: readonly string[],
  settings: readonly Setting[],
): RevocationPolicy {
  const demands = new Map<string, RevocationDemand>()
  const lists = pems.flatMap((pem) => {
    const crl = parseCrl(Buffer.from(pem))
    const of = settings.filter(({ chain }) => belongs(pem, chain))
    const authorities = of.flatMap(({ chain }) => chain)
    const list = crl.ok ? verifyList(crl.value, authorities, DEFAULT_LIMITS) : crl
    for (const { name } of of) demands.set(name, { ...HARD, incomplete: !list.ok })
    return list.ok ? [list.value] : []
  })
  return { lists: listsByIssuer(lists), demands }
}

/** Whether an operator would configure this list for this chain; an unreadable one, for every chain. */
export function belongs(pem: string, chain: readonly Certificate[]): boolean {
  const crl = parseCrl(Buffer.from(pem))
  return chain.some(({ subject }) => !crl.ok || subject.key === crl.value.issuer.key)
}

const HARD = { failure: 'hard-fail', grace: 0 as Millis } as const
