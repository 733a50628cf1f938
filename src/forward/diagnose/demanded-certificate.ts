/** What a server that asked for our certificate refused us for, as far as it can be told from refusals of other kinds. */
import type { Explanation } from '../../kernel/explanation.ts'
import { CLIENT_CERTIFICATE_ALERTS, type UpstreamFailure } from '../upstream-failure.ts'
import type { CertificateRequest } from './certificate-request.ts'
import type { FirstAnswer, Refusal } from './first-answer.ts'

/** The server asked for a client certificate and refused us: without one, or with ours. */
export type CertificateFailure =
  /** `how` is the end of a sentence. */
  | { readonly kind: 'client-certificate-missing'; readonly how: string }
  | { readonly kind: 'client-certificate-refused'; readonly how: string }

/** What ended the test, and what came before. */
interface Ended {
  readonly request: CertificateRequest
  readonly fatal: UpstreamFailure | undefined
  readonly answer: FirstAnswer | undefined
}

/** The failure, where the server asked and then refused. */
export function demandFailure({ request, fatal, answer }: Ended): CertificateFailure | undefined {
  if (request === 'not-asked') return undefined
  if (answer?.kind === 'answered' && answer.refusal !== undefined) {
    const how = `in its first response (${answer.status})`
    return failureOf(answer.refusal, how)
  }
  const how = fatal === undefined ? undefined : refusalText(fatal)
  if (how === undefined) return undefined
  return failureOf(request === 'shown' ? 'refused' : 'missing', how)
}

const failureOf = (refusal: Refusal, how: string): CertificateFailure =>
  refusal === 'missing'
    ? { kind: 'client-certificate-missing', how }
    : { kind: 'client-certificate-refused', how }

function refusalText(fatal: UpstreamFailure): string | undefined {
  if (fatal.kind === 'reset') return 'by breaking off the connection'
  const alert = fatal.kind === 'tls-handshake' ? fatal.alert : undefined
  if (alert === undefined || !CLIENT_CERTIFICATE_ALERTS.has(alert)) return undefined
  return `with the alert ${alert}`
}

/** The failure in the operator's words. */
export function explainDemand({ kind, how }: CertificateFailure, server: string): Explanation {
  return kind === 'client-certificate-missing'
    ? {
        sentence: `${server} asked for a client certificate, was shown none, and refused ${how}`,
        nextStep: 'set `tls.clientCertificate` to one that the server knows',
      }
    : {
        sentence: `${server} asked for a client certificate, was shown the one of \`tls.clientCertificate\`, and refused ${how}`,
        nextStep:
          "have its CA made known to the server, or show another one; the server's own log says what it holds against it",
      }
}
