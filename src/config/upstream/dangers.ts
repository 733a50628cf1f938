/** The dangers of an upstream, whether the file or the upstream TLS settings in the store decide it. */
import type { Danger } from '../reading/danger.ts'

/** Strict TLS is off. */
export const unverifiedUpstream = (name: string, at: string): Danger => ({
  kind: 'unverified-upstream',
  at,
  sentence: `upstream ${name} is not verified: anybody on the way can pose as it and is told who the devices are`,
})

/** TLS 1.0 or 1.1 is selected. */
export const weakUpstreamProtocol = (
  name: string,
  { protocols, at }: { readonly protocols: readonly string[]; readonly at: string },
): Danger => ({
  kind: 'weak-upstream-protocol',
  at,
  sentence: `upstream ${name} may be called over ${protocols.join(' or ')}, which is weak (RFC 8996): signatures by SHA-1, and the security level of its connections is lowered`,
})
