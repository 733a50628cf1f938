/**
 * What arrived inside TLS and was not an HTTP/1.1 request. llhttp, strict, is the judge (`http1`); here its verdicts get names,
 * and the device gets an answer that says nothing about us.
 */
import { PROBLEM_TYPE, problemDocument } from '../message/problem.ts'

/** Every way a request fails before it is one, or before all of it is here. */
export type Unparsable =
  'body' | 'connect' | 'header-timeout' | 'header-too-large' | 'malformed' | 'unfinished'

/** The status that is answered; undefined where the device is gone. */
export const unparsableStatus = (fault: Unparsable): number | undefined => ANSWERS[fault]?.[0]

/** Writes the answer, which ends the connection; undefined where the device is gone. `lines` belong to every answer. */
export function unparsableAnswer(
  fault: Unparsable,
  reference: string,
  lines: string,
): string | undefined {
  const answer = ANSWERS[fault]
  if (answer === undefined) return undefined
  const [status, phrase] = answer
  const body = problemDocument({ status, reference })
  return `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\n${lines}Connection: close\r\n\r\n${body}`
}

const ANSWERS: Readonly<Record<Unparsable, readonly [number, string] | undefined>> = {
  body: [413, 'Content Too Large'],
  // A front end for one service opens no tunnels (RFC 9110 §9.3.6).
  connect: [501, 'Not Implemented'],
  'header-timeout': [408, 'Request Timeout'],
  'header-too-large': [431, 'Request Header Fields Too Large'],
  malformed: [400, 'Bad Request'],
  unfinished: undefined,
}
