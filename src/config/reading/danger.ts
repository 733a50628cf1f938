import { UNTRUSTED_ALLOWED } from '../../upstream-tls/explain-verification.ts'

/** A guarantee that the operator gave up explicitly. */
export interface Danger {
  readonly kind:
    | 'no-store'
    | 'plaintext-upstream'
    | 'untrusted-servers-allowed'
    | 'unverified-upstream'
    | 'weak-device-certificates'
    | 'weak-upstream-protocol'
  readonly at: string
  readonly sentence: string
}

/** What is given up, and what follows from it, wherever that was said. */
type GivenUp = Omit<Danger, 'at'>

/** An upstream, and whether it is told who the devices are: by a field, or by a PROXY header. */
export interface ToldUpstream {
  readonly name: string
  readonly isTold: boolean
}

/** Strict TLS is off, by the file or by the upstream TLS settings in the store. */
export const unverifiedUpstream = ({ name, isTold }: ToldUpstream): GivenUp => ({
  kind: 'unverified-upstream',
  sentence: isTold
    ? `upstream ${name} is not verified: anybody on the way can pose as it and is told who the devices are`
    : `upstream ${name} is not verified: anybody on the way can pose as it and reads what devices send to it`,
})

/** Allow and Log untrusted servers is on under strict TLS, by the file or by the upstream TLS settings in the store. */
export const untrustedServersAllowed = (name: string): GivenUp => ({
  kind: 'untrusted-servers-allowed',
  sentence: `upstream ${name}: ${UNTRUSTED_ALLOWED}`,
})

/** TLS 1.0 or 1.1 is selected, by the file or by the upstream TLS settings in the store. */
export const weakUpstreamProtocol = (name: string, protocols: readonly string[]): GivenUp => ({
  kind: 'weak-upstream-protocol',
  sentence: `upstream ${name} may be called over ${protocols.join(' or ')}, which is weak (RFC 8996): signatures by SHA-1, and the security level of its connections is lowered`,
})
