import type { Certificate } from '../../x509/certificate.ts'
import { printName } from '../../x509/print-name.ts'
import { escapedPem, inert } from './facts.ts'
import { OWN_VERIFY, plainVerify, type Format, type Render } from './format.ts'

/** Envoy's `x-forwarded-client-cert`: one element, ours; the chain includes the leaf. `By` is left out: no reader verifies it. */
export const xfcc: Format = {
  names: { certificate: 'x-forwarded-client-cert', verify: OWN_VERIFY },
  values: { certificate: (device, settings) => element(device, settings) },
  verify: plainVerify,
  charset: 'ascii',
  readsVerify: false,
}

const element: Render = ({ path: { certificates } }, { chain, name }) => {
  const [leaf] = certificates
  // The slash form escapes nothing, so that a quoted string could not hold it.
  const subject = printName(leaf.subject, name === 'rfc4514' ? name : 'rfc2253')
  return [
    `Hash=${leaf.fingerprint}`,
    `Cert="${escapedPem(leaf)}"`,
    ...(chain ? [`Chain="${certificates.map(escapedPem).join('')}"`] : []),
    `Subject="${quotable(subject)}"`,
    ...alternativeNames(leaf),
  ].join(';')
}

/** RFC 4514 §2.4 allows both ways of escaping; only the hexadecimal one survives inside quotes that know `\"` alone. */
const quotable = (name: string): string =>
  name.replaceAll(/\\(["\\])/g, (_, one) => (one === '"' ? '\\22' : '\\5C'))

const alternativeNames = ({ subjectAltNames }: Certificate): readonly string[] =>
  subjectAltNames.flatMap((name) => {
    if (name.kind === 'uri') return [`URI=${value(name.text)}`]
    return name.kind === 'dns' ? [`DNS=${value(name.text)}`] : []
  })

/** Quoted where it holds what separates; what could end the quotes is percent-encoded. */
function value(text: string): string {
  const contained = inert(text, /[^!-~]|["\\]/gu)
  return /[,;=]/.test(contained) ? `"${contained}"` : contained
}
