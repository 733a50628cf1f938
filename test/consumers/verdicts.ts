/**
 * What each of the three answers must be, and what was wrong with it if it was not.
 */
import type { Answer } from './clients.ts'
import type { Material } from './material.ts'

/** What a table shows of an answer, and the fault, if there is one. */
export interface Verdict {
  readonly cell: string
  readonly fault: string | undefined
}

/** A device with its certificate reaches a device route, and the server names the device. */
export function judgeVouched({ status, body }: Answer, material: Material): Verdict {
  const { subject, certificate } = reportIn(body)
  const cell = `${status} ${subject}`
  if (status !== 200) return { cell, fault: `with a certificate: ${status}, wanted 200` }
  if (subject !== material.deviceSubject) {
    return { cell, fault: `the server names '${subject}', wanted '${material.deviceSubject}'` }
  }
  const isSame = derIn(certificate).equals(material.deviceDer)
  return { cell, fault: isSame ? undefined : 'the server holds another certificate' }
}

/** A client without one is refused there, with a problem document (RFC 9457). */
export function judgeRefused({ status, type }: Answer): Verdict {
  const cell = `${status} ${type}`
  const isRight = status === 403 && type === 'application/problem+json'
  return { cell, fault: isRight ? undefined : 'without a certificate: wanted a problem document' }
}

/** And passes an open route, where the server is told of no device. */
export function judgeOpen({ status, body }: Answer): Verdict {
  const { subject, certificate } = reportIn(body)
  const isAnonymous = subject === '' && certificate === ''
  const cell = `${status} ${isAnonymous ? 'anonymous' : subject}`
  const isRight = status === 200 && isAnonymous
  return { cell, fault: isRight ? undefined : 'open route: wanted 200 and no device named' }
}

/** The lines `name: value` that every server here answers with. */
function reportIn(body: string): { readonly subject: string; readonly certificate: string } {
  const valueOf = (name: string): string =>
    new RegExp(`^${name}: *(.*)$`, 'm').exec(body)?.[1]?.trim() ?? ''
  return { subject: valueOf('subject'), certificate: valueOf('certificate') }
}

/** The certificate in escaped PEM, in PEM on one line, or in bare base64. */
function derIn(text: string): Buffer {
  const pem = text.includes('%') ? decodeURIComponent(text) : text
  return Buffer.from(pem.replaceAll(/-----[^-]*-----/g, ''), 'base64')
}
