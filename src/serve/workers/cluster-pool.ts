/**
 * The crew of several: one worker per core, each with its own listening socket on the shared port
 * (SO_REUSEPORT, which measured cheaper than handing connections over), the primary only supervises.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { AggregatorRegistry } from 'prom-client'
import { unreachable, type Fault } from '../../kernel/types.ts'
import type { Bulletin } from '../../revoke/registry.ts'
import { Overlay, type OverlayDelta } from '../../state/overlay.ts'
import type { Crew, CrewAnswer, CrewNews } from './pool.ts'
import { wholeLines } from './pipe-lines.ts'
import type { OpenLog } from '../log.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import type { IssuerMet, Orders } from '../process/process-config.ts'

interface Member {
  readonly worker: Worker
  readonly number: number
  /** It was given orders: it answers each, in their order. */
  begun: boolean
  serving: boolean
  /** It was ended because it gave no answer. */
  silent: boolean
  /** Who waits for its next answers, the first one first. */
  readonly awaited: ((answer: CrewAnswer) => void)[]
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
  /** What was decided about single devices, for the same. */
  readonly #overlay = new Overlay()
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
    const before = this.#orders
    const answer = await this.#order(orders)
    if (answer.kind === 'serving' || before === undefined) return answer
    // Only the ticket secret was replaced, and the old one is about to be erased: whoever fell starts with the new one.
    if (before.version === orders.version) return answer
    // Those that took them go back, and those hired later must not begin with what was refused.
    await this.#order(before)
    return answer
  }

  revise({ setting, place, crl }: Bulletin): void {
    const message = { kind: 'list', setting, place, der: crl?.der } as const
    const key = `${setting}\n${place}`
    if (crl === undefined) this.#lists.delete(key)
    else this.#lists.set(key, message)
    for (const member of this.#members.values()) send(member, message)
  }

  overlay(delta: OverlayDelta): void {
    this.#overlay.apply(delta)
    for (const member of this.#members.values()) send(member, { kind: 'overlay', delta })
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
    const patience = (this.#orders?.config.drain ?? 0) + ANSWER_PATIENCE_MS
    const gone = [...this.#members.values()].map((member) => {
      // What it said last is heard before its channel closes, which may be after it is gone.
      const closed = member.worker.isConnected() ? [once(member.worker, 'disconnect')] : []
      const over = [once(member.worker, 'exit'), ...closed]
      send(member, { kind: 'drain' })
      const late = setTimeout(() => member.worker.process.kill('SIGKILL'), patience)
      return Promise.all(over).finally(() => clearTimeout(late))
    })
    await Promise.all(gone)
  }

  /** Orders for all, and for whoever is hired from now on. One that has not begun gets them when it does. */
  async #order(orders: Orders): Promise<CrewAnswer> {
    this.#orders = orders
    const begun = [...this.#members.values()].filter((member) => member.begun)
    return agreement(
      await Promise.all(
        begun.map((member) => {
          const { promise, resolve } = Promise.withResolvers<CrewAnswer>()
          member.awaited.push(resolve)
          send(member, { kind: 'reload', orders, worker: member.number })
          const late = setTimeout(() => this.#giveUp(member), ANSWER_PATIENCE_MS)
          return promise.finally(() => clearTimeout(late))
        }),
      ),
    )
  }

  /** One that hangs serves nobody, and would hold up whoever waits for all: its end is its answer. */
  #giveUp(member: Member): void {
    member.silent = true
    this.#journal.log.error(
      { worker: member.number, waited_ms: ANSWER_PATIENCE_MS },
      'a worker hangs: what it was told is refused, and it is ended and replaced',
    )
    // It could not hear a gentler signal.
    member.worker.process.kill('SIGKILL')
  }

  /** Forks a worker, gives it its orders, and waits for its answer. */
  #hire(number: number): Promise<CrewAnswer> {
    const worker = cluster.fork()
    const { promise, resolve } = Promise.withResolvers<CrewAnswer>()
    const member: Member = {
      worker,
      number,
      begun: false,
      serving: false,
      silent: false,
      awaited: [resolve],
    }
    this.#members.set(number, member)
    wholeLines(worker.process.stdout, process.stdout)
    wholeLines(worker.process.stderr, process.stderr)
    worker.on('message', (message: FromWorker) => this.#hear(member, message))
    worker.once('exit', (code, signal) => {
      const ended = `worker ${number} ended with ${signal ?? code}`
      const message = member.silent ? `${ended}, because it gave no answer${IN_TIME}` : ended
      for (const answer of member.awaited.splice(0)) {
        answer({ kind: 'refused', faults: [{ at: 'workers', message }] })
      }
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
      if (!this.#draining) void this.#rehire(member.number)
    }, REPLACE_AFTER_MS)
  }

  async #rehire(number: number): Promise<void> {
    const answer = await this.#hire(number)
    if (answer.kind === 'serving' || this.#draining) return
    const { faults } = answer
    this.#journal.log.error({ worker: number, faults }, 'a worker could not be replaced')
    // It serves nobody, and would have a say in every reload.
    const member = this.#members.get(number)
    if (member !== undefined) send(member, { kind: 'drain' })
  }

  #hear(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case 'hello': {
        const orders = this.#orders
        for (const list of this.#lists.values()) send(member, list)
        for (const delta of this.#overlay.deltas()) send(member, { kind: 'overlay', delta })
        if (orders === undefined) return
        member.begun = true
        send(member, { kind: 'start', orders, worker: member.number })
        return
      }
      case 'answer':
        if (!member.serving && message.answer.kind === 'serving') {
          member.serving = true
          for (const issuer of this.#met) send(member, { kind: 'issuer', issuer })
        }
        member.awaited.shift()?.(message.answer)
        return
      case 'locked-out':
        this.#news?.lockedOut()
        return
      case 'seen':
        this.#news?.seen(message.sightings, message.lost)
        return
      case 'upstream-errors':
        this.#news?.upstreamErrors(message.errors, message.lost)
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
  return refused ?? answers[0] ?? { kind: 'refused', faults: [NOBODY] }
}

const NOBODY: Fault = {
  at: 'workers',
  message: 'found no worker that serves, wanted one: try again when they have been replaced',
}

function send(member: Member, message: ToWorker): void {
  if (member.worker.isConnected()) member.worker.send(message)
}

/** As many as a worker remembers. */
const MAX_MET = 64
const REPLACE_AFTER_MS = 1000
/**
 * A reload takes a worker tens of milliseconds, with thousands of CAs on a busy machine a second or two. One that is
 * silent for five times that hangs, and a reload that nobody answers is worse than one that is refused.
 */
const ANSWER_PATIENCE_MS = 10_000
const IN_TIME = ` within ${ANSWER_PATIENCE_MS / 1000} seconds`
const SCRAPE_PATIENCE_MS = 5000
