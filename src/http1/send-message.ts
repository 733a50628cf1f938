/** Sends a head, octets of a body, and what frames them, in as few writes as pays. */

/** Where messages go: a socket. */
export interface MessageSink {
  write(octets: Buffer, done?: () => void): boolean
  write(text: string, encoding: 'latin1', done?: () => void): boolean
  cork(): void
  uncork(): void
}

/** What goes out together. */
export interface MessageParts {
  /** Latin-1, ahead of the octets. */
  readonly before: string
  readonly pieces: readonly Buffer[]
  /** Latin-1, behind them. */
  readonly after: string
}

/** Sends the parts; `done` is called when they are with the operating system. */
export function sendMessage(
  sink: MessageSink,
  { before, pieces, after }: MessageParts,
  done: (() => void) | undefined,
): void {
  let octets = 0
  for (const piece of pieces) octets += piece.length
  const [first] = pieces
  if (octets === 0) sink.write(before + after, 'latin1', done)
  else if (octets === first?.length && before === '' && after === '') sink.write(first, done)
  else if (octets <= MAX_COPIED) sink.write(joined({ before, pieces, after }, octets), done)
  else {
    sink.cork()
    if (before !== '') sink.write(before, 'latin1')
    const last = pieces.length - 1
    for (const [index, piece] of pieces.entries()) {
      sink.write(piece, index === last && after === '' ? done : undefined)
    }
    if (after !== '') sink.write(after, 'latin1', done)
    sink.uncork()
  }
}

function joined({ before, pieces, after }: MessageParts, octets: number): Buffer {
  const all = Buffer.allocUnsafe(before.length + octets + after.length)
  writeLatin1(all, before, 0)
  let at = before.length
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  writeLatin1(all, after, at)
  return all
}

/** What `write(text, at, 'latin1')` comes down to, without looking the encoding up. */
function writeLatin1(octets: Buffer, text: string, at: number): void {
  if (text !== '')
    (octets as Buffer & { latin1Write(text: string, at: number): void }).latin1Write(text, at)
}

/** Up to here copying costs less than another write: what the TLS library would join, it copies as well. */
const MAX_COPIED = 8192
