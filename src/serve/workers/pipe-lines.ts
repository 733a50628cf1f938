import type { Readable, Writable } from 'node:stream'

/**
 * Copies whole lines only, so that the lines of several sources never mix; what is left at the end follows as it is.
 * Lines are dropped, and counted, while the reader has left so much lying that more would cost the process its memory.
 */
export function pipeLines(
  from: Readable | null,
  to: Writable,
  onDropped: (lines: number) => void,
): void {
  let rest: Buffer = Buffer.alloc(0)
  const write = (lines: Buffer): void => {
    if (to.writableLength < WAITING_OCTETS) to.write(lines)
    else onDropped(lineCount(lines))
  }
  from?.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(NEWLINE)
    if (end === -1) {
      rest = Buffer.concat([rest, chunk])
      return
    }
    write(
      rest.length === 0
        ? chunk.subarray(0, end + 1)
        : Buffer.concat([rest, chunk.subarray(0, end + 1)]),
    )
    rest = Buffer.from(chunk.subarray(end + 1))
  })
  from?.on('end', () => {
    if (rest.length > 0) write(rest)
  })
}

/** A line that was begun is lost with the others. */
function lineCount(lines: Buffer): number {
  let count = lines.at(-1) === NEWLINE ? 0 : 1
  for (const octet of lines) if (octet === NEWLINE) count += 1
  return count
}

const NEWLINE = 0x0a
/** As much as each process lets wait of its own lines. */
const WAITING_OCTETS = 16 * 1024 * 1024
