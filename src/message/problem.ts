/**
 * What a device is told when it gets an answer of ours (RFC 9457): a title that follows from the status alone, and
 * a reference. No code and no reason: those would tell an attacker which check to work on next. Who has the
 * reference can have the rest read out of the log.
 */

/** The media type of a problem document. */
export const PROBLEM_TYPE = 'application/problem+json'

/** Writes a problem document, a line of its own: people meet it in terminals. */
export const problemDocument = ({ status, reference }: Problem): string =>
  `${JSON.stringify({
    type: `urn:trusted-front-end:problem:${status}`,
    title: TITLES.get(status) ?? 'The request could not be served',
    status,
    reference,
  })}\n`

export interface Problem {
  readonly status: number
  /** What the device may quote to the operator; random, means nothing by itself. */
  readonly reference: string
}

const TITLES: ReadonlyMap<number, string> = new Map([
  [400, 'The request could not be read'],
  [403, 'This device may not do that'],
  [404, 'Nothing is served here'],
  [408, 'The request took too long'],
  [413, 'The request is too large'],
  [414, 'The address is too long'],
  [417, 'The expectation cannot be met'],
  [421, 'The request came to the wrong place'],
  [429, 'Too many requests'],
  [431, 'The request has too many fields'],
  [500, 'Something went wrong here'],
  [501, 'The request cannot be carried out'],
  [502, 'The service behind gave no usable answer'],
  [503, 'The service is not available now'],
  [504, 'The service behind took too long'],
])
