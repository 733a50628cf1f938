import type { Readable, Writable } from 'node:stream'

/** Copies whole lines only, so that the lines of several sources never mix; what is left at the end follows as it is. */
export function pipeLines(from: Readable | null, to: Writable): void {
  let rest: Buffer = Buffer.alloc(0)
  from?.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(NEWLINE)
    if (end === -1) {
      rest = Buffer.concat([rest, chunk])
      return
    }
    to.write(
      rest.length === 0
        ? chunk.subarray(0, end + 1)
        : Buffer.concat([rest, chunk.subarray(0, end + 1)]),
    )
    rest = Buffer.from(chunk.subarray(end + 1))
  })
  from?.on('end', () => {
    if (rest.length > 0) to.write(rest)
  })
}

const NEWLINE = 0x0a
