/** The head of a request as it is written to an upstream. */
import { fieldLines } from '../../http1/head-text.ts'
import { firstFieldValue, type RequestMessage } from '../../http1/message.ts'
import type { Destination } from './exchange.ts'

/** Writes request line and header section; a body in chunks stays one, and content that is expected says that there is none. */
export function requestHeadText(
  { method, body }: RequestMessage,
  { target, fields }: Pick<Destination, 'fields' | 'target'>,
): string {
  return `${method} ${target} HTTP/1.1\r\n${fieldLines(fields)}${framing(method, body, fields)}\r\n`
}

function framing(method: string, body: RequestMessage['body'], fields: readonly string[]): string {
  if (body === 'chunked') return 'Transfer-Encoding: chunked\r\n'
  const isEmpty = body === 0 && firstFieldValue(fields, 'content-length') === undefined
  return isEmpty && WITH_CONTENT.has(method) ? 'Content-Length: 0\r\n' : ''
}

/** Of these a server expects content, and some refuse one that does not say how long it is (RFC 9110 §8.6). */
const WITH_CONTENT: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT'])
