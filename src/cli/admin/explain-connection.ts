/** Why a call of the admin API had no answer, in words: a bare `UNABLE_TO_VERIFY_LEAF_SIGNATURE` helps few. */
import { codeOrText } from '../../kernel/error-code.ts'
import type { Explanation } from '../../kernel/explanation.ts'

/** A sentence, and the next step. */
type Reason = readonly [sentence: string, nextStep: string]

/** Explains a connection that could not be made, or ended too early. */
export function explainConnection({ origin, hostname }: URL, error: unknown): Explanation {
  const code = codeOrText(error)
  const [sentence, nextStep] = REASONS.get(code) ?? [`it cannot be reached: ${code}`, WHERE]
  return { sentence: `${origin}: ${sentence.replace('HOST', hostname)}`, nextStep }
}

const WHERE = 'see that it runs, and that --url or TFE_ADMIN_URL says where'
const WHICH_CA =
  'name the CA of that certificate, in PEM, with --ca or TFE_ADMIN_CA; the file admin.certificate of the configuration may hold it'
const UNKNOWN_CA: Reason = [
  'its certificate is from a CA that this machine does not know',
  WHICH_CA,
]
const UNKNOWN_NAME: Reason = ['no address is known for HOST', 'see how the host is written']
const UNREACHABLE: Reason = ['there is no way to that address', WHERE]
const CLOSED: Reason = ['the connection was closed before an answer came', WHERE]

const REASONS: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  ['ECONNREFUSED', ['nothing listens there', WHERE]],
  ['ECONNRESET', CLOSED],
  ['EPIPE', CLOSED],
  ['ENOTFOUND', UNKNOWN_NAME],
  ['EAI_AGAIN', UNKNOWN_NAME],
  ['EHOSTUNREACH', UNREACHABLE],
  ['ENETUNREACH', UNREACHABLE],
  ['ETIMEDOUT', ['it does not answer', WHERE]],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_CA],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_CA],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_CA],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_CA],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNKNOWN_CA],
  [
    'CERT_SIGNATURE_FAILURE',
    ['its certificate was not signed by the CA that --ca or TFE_ADMIN_CA names', WHICH_CA],
  ],
  [
    'CERT_HAS_EXPIRED',
    ['its certificate has expired', 'renew the certificate that admin.certificate names'],
  ],
  [
    'CERT_NOT_YET_VALID',
    ['its certificate is not valid yet', "see that this machine's clock is right"],
  ],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    [
      'its certificate does not name HOST',
      'call it by a name of the certificate, with --url or TFE_ADMIN_URL',
    ],
  ],
])
