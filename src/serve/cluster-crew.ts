/**
 * The crew of several: one worker per core, each with its own listening socket on the shared port
 * (SO_REUSEPORT, which measured cheaper than handing connections over), the primary only supervises.
 */
import cluster, { type Worker } from 'node:cluster'
import { AggregatorRegistry } from 'prom-client'
import { unreachable } from '../kernel/types.ts'
import type { Bulletin } from '../revoke/registry.ts'
import type { Crew, CrewAnswer, CrewNews, IssuerMet, Orders } from './crew.ts'
import { wholeLines } from './lines.ts'
import type { OpenLog } from './log.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

interface Member {
  readonly worker: Worker
  readonly number: number
  serving: boolean
  /** Settles the answer that is being waited for. */
  answered: ((answer: CrewAnswer) => void) | undefined
}

/** Starts `size` workers from `entry` (a script that calls `runWorker`). */
export function clusterCrew(
  size: number,
  entry: { readonly script: string; readonly args: readonly string[] },
  journal: OpenLog,
): Crew {
  cluster.setupPrimary({
    exec: entry.script,
    args: [...entry.args],
    execArgv: process.execArgv,
    serialization: 'advanced',
    // Their lines pass through us: two processes writing to one pipe would cut each other's lines in half.
    silent: true,
  })
  return new ClusterCrew(size, journal)
}

class ClusterCrew implements Crew {
  readonly #size: number
  readonly #journal: OpenLog
  readonly #members = new Map<number, Member>()
  readonly #scrapes = new Map<number, (metrics: FromWorker & { kind: 'metrics' }) => void>()
  /** The lists in force, for whoever is hired later. */
  readonly #lists = new Map<string, ToWorker & { kind: 'list' }>()
  #orders: Orders | undefined
  #news: CrewNews | undefined
  /** What workers have met under one trust version, for those that are hired later. */
  #met: readonly IssuerMet[] = []
  #draining = false
  #nextScrape = 0

  constructor(size: number, journal: OpenLog) {
    this.#size = size
    this.#journal = journal
  }

  async start(orders: Orders, news: CrewNews): Promise<CrewAnswer> {
    this.#orders = orders
    this.#news = news
    const numbers = Array.from({ length: this.#size }, (_, index) => index + 1)
    return agreement(await Promise.all(numbers.map((number) => this.#hire(number))))
  }

  async reload(orders: Orders): Promise<CrewAnswer> {
    this.#orders = orders
    const asked = [...this.#members.values()].map((member) =>
      this.#ask(member, { kind: 'reload', orders, worker: member.number }),
    )
    return agreement(await Promise.all(asked))
  }

  revise({ setting, place, crl }: Bulletin): void {
    const message = { kind: 'list', setting, place, der: crl?.der } as const
    const key = `${setting}\n${place}`
    if (crl === undefined) this.#lists.delete(key)
    else this.#lists.set(key, message)
    for (const member of this.#members.values()) send(member, message)
  }

  async scrape(): Promise<string> {
    const answers = await Promise.all([...this.#members.values()].map((one) => this.#measure(one)))
    const metrics = answers.flatMap((answer) => (answer === undefined ? [] : [answer.metrics]))
    return AggregatorRegistry.aggregate(metrics.map((one) => [...one])).metrics()
  }

  amiss(): string | undefined {
    const serving = [...this.#members.values()].filter((member) => member.serving).length
    if (this.#draining) return 'draining'
    return serving === this.#size ? undefined : `${serving} of ${this.#size} workers serve`
  }

  async drain(): Promise<void> {
    this.#draining = true
    const gone = [...this.#members.values()].map((member) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      member.worker.once('exit', () => resolve())
      send(member, { kind: 'drain' })
      return promise
    })
    await Promise.all(gone)
  }

  /** Forks a worker, gives it its orders, and waits for its answer. */
  #hire(number: number): Promise<CrewAnswer> {
    const worker = cluster.fork()
    const member: Member = { worker, number, serving: false, answered: undefined }
    this.#members.set(number, member)
    wholeLines(worker.process.stdout, process.stdout)
    wholeLines(worker.process.stderr, process.stderr)
    worker.on('message', (message: FromWorker) => this.#hear(member, message))
    const { promise, resolve } = Promise.withResolvers<CrewAnswer>()
    member.answered = resolve
    worker.once('exit', (code, signal) => {
      const message = `worker ${number} ended with ${signal ?? code}`
      member.answered?.({ kind: 'refused', faults: [{ at: 'workers', message }] })
      this.#replace(member, message)
    })
    return promise
  }

  /** A worker that served and fell is replaced; one that could not even start is not, or it would spin. */
  #replace(member: Member, message: string): void {
    this.#members.delete(member.number)
    if (this.#draining || !member.serving) return
    this.#journal.log.error({ worker: member.number }, `${message}; starting another`)
    setTimeout(() => {
      if (this.#draining) return
      this.#hire(member.number).catch((error: unknown) => {
        this.#journal.log.error({ err: error }, 'a worker could not be replaced')
      })
    }, REPLACE_AFTER_MS)
  }

  #hear(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case 'hello': {
        const orders = this.#orders
        for (const list of this.#lists.values()) send(member, list)
        if (orders !== undefined) send(member, { kind: 'start', orders, worker: member.number })
        return
      }
      case 'answer':
        if (!member.serving && message.answer.kind === 'serving') {
          member.serving = true
          for (const issuer of this.#met) send(member, { kind: 'issuer', issuer })
        }
        member.answered?.(message.answer)
        member.answered = undefined
        return
      case 'locked-out':
        this.#news?.lockedOut()
        return
      case 'sighted':
        this.#news?.sighted(message.sightings, message.lost)
        return
      case 'issuer':
        this.#spread(message.issuer, member)
        return
      case 'metrics':
        this.#scrapes.get(message.id)?.(message)
        return
      default:
        unreachable(message)
    }
  }

  /** A session may be resumed by a worker that its device's issuer was never shown to. */
  #spread(issuer: IssuerMet, from: Member): void {
    const alike = this.#met.filter(({ trustVersion }) => trustVersion === issuer.trustVersion)
    this.#met = [...alike, issuer].slice(-MAX_MET)
    for (const member of this.#members.values()) {
      if (member !== from) send(member, { kind: 'issuer', issuer })
    }
  }

  #ask(member: Member, message: ToWorker): Promise<CrewAnswer> {
    const { promise, resolve } = Promise.withResolvers<CrewAnswer>()
    member.answered = resolve
    send(member, message)
    return promise
  }

  /** A worker too busy to answer is left out of this scrape rather than failing it. */
  #measure(member: Member): Promise<(FromWorker & { kind: 'metrics' }) | undefined> {
    this.#nextScrape += 1
    const id = this.#nextScrape
    const { promise, resolve } = Promise.withResolvers<
      (FromWorker & { kind: 'metrics' }) | undefined
    >()
    const late = setTimeout(() => resolve(undefined), SCRAPE_PATIENCE_MS)
    this.#scrapes.set(id, resolve)
    send(member, { kind: 'scrape', id })
    return promise.finally(() => {
      clearTimeout(late)
      this.#scrapes.delete(id)
    })
  }
}

/** One voice for many: all serve, or the faults of the first that does not. */
function agreement(answers: readonly CrewAnswer[]): CrewAnswer {
  const refused = answers.find((answer) => answer.kind === 'refused')
  return refused ?? answers[0] ?? { kind: 'refused', faults: [] }
}

function send(member: Member, message: ToWorker): void {
  if (member.worker.isConnected()) member.worker.send(message)
}

/** As many as a worker remembers. */
const MAX_MET = 64
const REPLACE_AFTER_MS = 1000
const SCRAPE_PATIENCE_MS = 5000
