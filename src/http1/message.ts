/**
 * The head of a request or response as the parser gives it: what framing needs is worked out, everything else is as it came.
 */
import { Buffer } from 'node:buffer'

/** Where a body ends: behind so many octets, behind the last chunk, or with the connection (RFC 9112 §6.3). */
export type BodyLength = number | 'chunked' | 'until-close'

/** What requests and responses have in common. */
interface MessageHead {
  /** Such as `1.1`. */
  readonly version: string
  /** Name, value, name, value …; order, spelling and repetitions as they came. */
  readonly fields: string[]
  readonly body: BodyLength
  /** Whether the sender takes the connection for one that goes on (RFC 9112 §9.3). */
  readonly keepAlive: boolean
}

/** The head of a request. */
export interface RequestMessage extends MessageHead {
  readonly method: string
  /** As it was sent (RFC 9112 §3.2). */
  readonly target: string
  /** Whether another protocol is asked for, or a tunnel. */
  readonly upgrade: boolean
}

/** The head of a response, final or interim. */
export interface ResponseMessage extends MessageHead {
  readonly status: number
  readonly reason: string
}

/**
 * Returns the value of a field by its name in lower case; that of a repeated one is joined by commas (RFC 9110 §5.3).
 * Undefined where there is none.
 */
export function fieldValue(fields: readonly string[], name: string): string | undefined {
  let found: string | undefined
  for (let index = 1; index < fields.length; index += 2) {
    const one = fields[index - 1]
    // The length first: it spares nearly every field the rest.
    if (one?.length !== name.length || one.toLowerCase() !== name) continue
    found = found === undefined ? fields[index] : `${found}, ${fields[index] ?? ''}`
  }
  return found
}

/** Returns the first value of a field that may stand once. */
export function firstFieldValue(fields: readonly string[], name: string): string | undefined {
  for (let index = 1; index < fields.length; index += 2) {
    const one = fields[index - 1]
    if (one?.length === name.length && one.toLowerCase() === name) return fields[index]
  }
  return undefined
}

/**
 * Returns the same text, Latin-1, with memory of its own, for what outlives its message: text that was read is a part of all that
 * was read with it, up to 2 KB, and keeps that (`MAX_CUT`).
 */
export const ownText = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

/** Whether a body belongs to the request. */
export const hasBody = ({ body }: RequestMessage): boolean => body !== 0
