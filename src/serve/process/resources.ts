/** Whether this process and this machine have what the limits of a configuration ask for. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import process from 'node:process'
import type { Config } from '../../config/config.ts'
import { countText } from '../../kernel/count-text.ts'
import type { Fault } from '../../kernel/types.ts'

/** What there is; undefined where the system sets no limit, or does not say. */
export interface Resources {
  readonly cores: number
  /** Files and sockets that one process may have open. */
  readonly descriptors: number | undefined
  /** Octets that all processes together may use. */
  readonly memory: number | undefined
}

/** What the system says. */
export function systemResources(): Resources {
  const memory = process.constrainedMemory()
  return {
    cores: availableParallelism(),
    descriptors: descriptorsIn(limitsOfProcess()),
    // Without a limit the system answers with more than there can be.
    memory: memory > 0 && Number.isSafeInteger(memory) ? memory : undefined,
  }
}

/** How many descriptors the limits of a process allow (proc(5), `/proc/pid/limits`); undefined where that is not told. */
export function descriptorsIn(limits: string): number | undefined {
  const soft = /^Max open files +(\d+) /mu.exec(limits)?.[1]
  return soft === undefined ? undefined : Number(soft)
}

/**
 * Linux alone writes them down. The runtime's own report knows them elsewhere, too, but waits for every thread of the process:
 * for that of a store which waits for another program's change, and for ever if that change waits for this thread.
 */
function limitsOfProcess(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}

type Asked = Pick<Config, 'file' | 'listeners' | 'upstreams' | 'workers'>

/** What does not fit; the start logs it, and `tfe check` says the same. */
export function resourceWarnings(
  { listeners, upstreams, workers, file }: Asked,
  { cores, descriptors, memory }: Resources,
): readonly Fault[] {
  const size = workers === 'auto' ? cores : workers
  const { incoming, needed } = descriptorsFor({ listeners, upstreams })
  const { at } = listeners[0]
  const faults: Fault[] = []
  if (workers !== 'auto' && workers > cores) {
    const message = `found workers: ${workers} where this machine has ${countText(cores, 'core')} for them: they take turns, and each has memory of its own; write workers: auto`
    faults.push({ at: file, message })
  }
  if (descriptors !== undefined && needed > descriptors) {
    const message = `${tooManyText({ listeners, upstreams }, descriptors)}: devices get as many as are left, and those beyond are turned away; ${REMEDY}`
    faults.push({ at, message })
  }
  const idle = size * incoming * IDLE_OCTETS
  if (memory !== undefined && idle > memory) {
    const message = `found limits.connections with which idle connections alone may take ${mebibytes(idle)} MiB in ${countText(size, 'process', 'processes')}, and ${mebibytes(memory)} MiB that there may be: the system ends processes that use more; raise the limit, or lower limits.connections`
    faults.push({ at, message })
  }
  return faults
}

/**
 * Why a front end cannot start: what the file states for itself cannot fit. What it leaves out is a default that is lowered to
 * what does, so that a small machine serves as well.
 */
export function resourceFaults(
  { listeners, upstreams }: Pick<Config, 'listeners' | 'upstreams'>,
  { descriptors }: Pick<Resources, 'descriptors'>,
): readonly Fault[] {
  if (descriptors === undefined) return []
  const stated = listeners.filter(({ limits }) => limits.connectionsStated)
  const least = descriptorsFor({ listeners: stated, upstreams }).needed
  if (least + (listeners.length - stated.length) * LEAST_DEFAULT <= descriptors) return []
  const { at } = stated[0] ?? listeners[0]
  const message = `${tooManyText({ listeners, upstreams }, descriptors)}, wanted all of them to fit; ${REMEDY}`
  return [{ at, message }]
}

/**
 * How many connections a listener takes at most: what the file says, or its share of what is left for devices. So a process never
 * runs out of descriptors: the system would reset connections without a word, and upstreams, log and store would get none.
 */
export function connectionsAllowed(
  { limits: { connections } }: Pick<Config['listeners'][number], 'limits'>,
  config: Pick<Config, 'listeners' | 'upstreams'>,
  { descriptors }: Pick<Resources, 'descriptors'>,
): number {
  const { incoming, relayed, upstream, needed } = descriptorsFor(config)
  if (descriptors === undefined || needed <= descriptors) return connections
  const left = Math.max(0, descriptors - upstream - BESIDES)
  return Math.max(1, Math.floor((connections * left) / (incoming + relayed)))
}

function descriptorsFor({ listeners, upstreams }: Needing) {
  const incoming = sum(listeners.map(({ limits }) => limits.connections))
  // Each has another one to the upstream.
  const relayed = sum(
    listeners.map(({ limits, relay }) => (relay === undefined ? 0 : limits.connections)),
  )
  const upstream = sum(upstreams.map(({ limits, servers }) => limits.connections * servers.length))
  return { incoming, relayed, upstream, needed: incoming + relayed + upstream + BESIDES }
}

interface Needing {
  readonly listeners: readonly Config['listeners'][number][]
  readonly upstreams: Config['upstreams']
}

function tooManyText(config: Needing, descriptors: number): string {
  const { incoming, relayed, upstream, needed } = descriptorsFor(config)
  return `found limits.connections that may take ${needed} descriptors in one process (${incoming} of devices, ${relayed + upstream} of upstreams, ${BESIDES} besides), and ${descriptors} that this process may have open (ulimit -n)`
}

const REMEDY =
  'raise LimitNOFILE (systemd) or --ulimit nofile (containers), or lower limits.connections'

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

const mebibytes = (octets: number): number => Math.round(octets / 1024 / 1024)

/** The store, the log, the admin API, metrics, look-ups, lists, and files that are read again. */
const BESIDES = 128
/** Fewer devices at a time make no front end. */
const LEAST_DEFAULT = 64
/** What an idle TLS connection costs at least, as measured for `limits.connections`. */
const IDLE_OCTETS = 50_000
