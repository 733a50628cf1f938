/**
 * Plays one input against one path: octets of a device in so many reads, an upstream that records, and what became of it.
 */
import { readRequests } from '../corpora/http1-strict.ts'
import { MemorySocket } from './memory-socket.ts'

/** Something that reads requests of a device, judges them and forwards them. */
export interface Path extends Disposable {
  /** Takes a device's connection; `connect` opens one to the upstream. */
  open(device: MemorySocket, connect: () => MemorySocket): void
}

/** How an input is sent. */
export interface Sending {
  /** Latin-1: one character, one octet. */
  readonly reads: readonly string[]
  /** Whether each read is dealt with before the next arrives. */
  readonly waits: boolean
}

/** What came of an input. */
export interface Played {
  /** The statuses of the final answers that the device got. */
  readonly answers: readonly number[]
  /** Whether the device was told that nothing more is answered, by the end of the connection or by `Connection: close`. */
  readonly isClosed: boolean
  /** Everything that was written to the upstream, connection by connection. */
  readonly upstream: readonly string[]
  /** The connection was over when the device had ended its side. */
  readonly isOver: boolean
}

/** Plays an input; it settles when nothing moves any more, whatever time that takes. */
export async function play(path: Path, { reads, waits }: Sending): Promise<Played> {
  const run = new Run()
  const device = run.device()
  path.open(device, () => run.connect())
  for (const read of reads) {
    run.moves += 1
    device.arrive(Buffer.from(read, 'latin1'))
    if (waits) await run.settled()
  }
  await run.settled()
  const { answers, isClosed } = run.seen()
  device.arriveEnd()
  await run.settled()
  const isOver = device.destroyed
  device.destroy()
  const late = run.seen().answers.slice(answers.length)
  return { answers: [...answers, ...late], isClosed, upstream: run.finish(), isOver }
}

/** The connections of one input. */
class Run {
  /** Counts whatever moves. */
  moves = 0
  #received = ''
  #isEnded = false
  readonly #upstream: UpstreamEnd[] = []

  device(): MemorySocket {
    return new MemorySocket({
      received: (octets) => {
        this.moves += 1
        this.#received += octets.toString('latin1')
      },
      ended: () => {
        this.moves += 1
        this.#isEnded = true
      },
    })
  }

  connect(): MemorySocket {
    const end = new UpstreamEnd(() => (this.moves += 1))
    this.#upstream.push(end)
    return end.socket
  }

  /** Waits until nothing has moved for some turns of the event loop: all is in memory, so that nothing else is waited for. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      const before = this.moves
      await nextTurn()
      if (this.moves !== before) quiet = -1
    }
  }

  seen(): Pick<Played, 'answers' | 'isClosed'> {
    const heads = this.#received.match(ANSWER_HEADS) ?? []
    const final = heads.filter((head) => !head.startsWith('HTTP/1.1 1'))
    return {
      answers: final.map((head) => Number(head.slice(9, 12))),
      isClosed: this.#isEnded || /\r\nconnection: close\r\n/i.test(final.at(-1) ?? ''),
    }
  }

  finish(): readonly string[] {
    return this.#upstream.map((end) => end.finish()).filter((text) => text !== '')
  }
}

/** An upstream that answers each whole request, and remembers every octet. */
class UpstreamEnd {
  readonly socket: MemorySocket
  #text = ''
  #answered = 0

  constructor(moved: () => void) {
    this.socket = new MemorySocket({
      received: (octets) => {
        moved()
        this.#text += octets.toString('latin1')
        this.#answer()
      },
      ended: moved,
    })
  }

  finish(): string {
    this.socket.destroy()
    return this.#text
  }

  #answer(): void {
    const { requests } = readRequests(this.#text)
    for (; this.#answered < requests.length; this.#answered += 1) {
      setImmediate(() => this.socket.arrive(ANSWER))
    }
  }
}

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')

/** No body that a device is sent here holds a line that begins so. */
const ANSWER_HEADS = /HTTP\/1\.1 \d{3} [^]*?\r\n\r\n/g

/** undici hands its next request over in one later turn, a stream its end in the same: four are more than any chain of them. */
const QUIET_TURNS = 4

/** One turn for all inputs that are played at the same time. */
let turn: Promise<void> | undefined

function nextTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined
      resolve()
    })
  })
  return turn
}
