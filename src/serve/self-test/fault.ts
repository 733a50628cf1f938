/**
 * How a TLS runtime can fail its self-test: each a front end that would judge devices by less than they showed.
 */
import { unreachable } from '../../kernel/types.ts'
import type { Explanation } from '../../kernel/explanation.ts'

export type TestedTlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** Closed; the kinds are stable codes. */
export type RuntimeFault =
  | {
      readonly kind: 'runtime-cannot-handshake'
      readonly tls: TestedTlsVersion
      readonly detail: string
    }
  /** At a full handshake other certificates are there than were presented. */
  | {
      readonly kind: 'runtime-loses-chain'
      readonly tls: TestedTlsVersion
      readonly presented: number
      readonly kept: number
    }
  | { readonly kind: 'runtime-does-not-resume'; readonly tls: TestedTlsVersion }
  /** A resumed session lacks the certificate that it began with. */
  | { readonly kind: 'runtime-loses-leaf'; readonly tls: TestedTlsVersion }
  /** A session that began without a certificate has one. */
  | { readonly kind: 'runtime-invents-certificate'; readonly tls: TestedTlsVersion }

/** One sentence, and what to do; `runtime` names the one that was tested. */
export function explainRuntimeFault(fault: RuntimeFault, runtime: string): Explanation {
  const nextStep =
    fault.kind === 'runtime-cannot-handshake'
      ? `look for what restricts TLS on this machine (the OpenSSL configuration, a FIPS mode), or leave ${fault.tls} out with tls.minVersion or tls.maxVersion of each listener`
      : USE_OUR_NODE
  return { sentence: `${runtime} ${findingText(fault)}`, nextStep }
}

function findingText(fault: RuntimeFault): string {
  const { kind, tls } = fault
  switch (kind) {
    case 'runtime-cannot-handshake':
      return `could not complete a TLS handshake with itself over ${tls}: ${fault.detail}`
    case 'runtime-loses-chain':
      return `shows ${fault.kept} of ${fault.presented} certificates that a peer presented over ${tls}: devices would be refused for intermediates that they did present`
    case 'runtime-does-not-resume':
      return `did not resume a ${tls} session of its own: what is known about resumed sessions does not hold here`
    case 'runtime-loses-leaf':
      return `does not show the certificate of a resumed ${tls} session: a resumed session could not be judged again`
    case 'runtime-invents-certificate':
      return `shows a certificate in a ${tls} session that began without one: a device could pass for another`
    default:
      return unreachable(kind)
  }
}

const USE_OUR_NODE =
  'start the front end with the Node that it brings (npm ci, then npm run tfe) or from its image, and report the version that failed'
