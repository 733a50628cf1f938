/** Writes heads. What is written has been read by the parser or made by us: nothing here can hold a line end. */

/** Writes name, value, name, value … as lines. */
export function fieldLines(fields: readonly string[]): string {
  let lines = ''
  for (let index = 1; index < fields.length; index += 2) {
    lines += `${fields[index - 1] ?? ''}: ${fields[index] ?? ''}\r\n`
  }
  return lines
}

/** Writes a status line; a reason phrase that no line may hold is left out, and no client may rely on one (RFC 9112 §4). */
export const statusLine = (status: number, reason: string): string =>
  `HTTP/1.1 ${status} ${PRINTABLE.test(reason) ? reason : ''}\r\n`

const PRINTABLE = /^[\t\x20-\x7e]*$/

/** Whether a name and a value, made by us, can stand in a head (RFC 9110 §5.1, §5.5). */
export const isFieldSound = (name: string, value: string): boolean =>
  TOKEN.test(name) && VALUE.test(value)

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Writes the size of a chunk (RFC 9112 §7.1). */
export const chunkSize = (octets: number): string => `${octets.toString(16)}\r\n`

/** What ends a body in chunks: the last chunk and the trailer section. */
export const lastChunk = (trailers: readonly string[]): string => `0\r\n${fieldLines(trailers)}\r\n`
