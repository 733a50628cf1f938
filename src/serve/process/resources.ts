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

/** What does not fit; the start logs it, and `tfe check` says the same. */
export function resourceWarnings(
  {
    listeners,
    upstreams,
    workers,
    file,
  }: Pick<Config, 'file' | 'listeners' | 'upstreams' | 'workers'>,
  { cores, descriptors, memory }: Resources,
): readonly Fault[] {
  const size = workers === 'auto' ? cores : workers
  const incoming = sum(listeners.map(({ limits }) => limits.connections))
  const relayed = sum(
    listeners.map(({ limits, relay }) => (relay === undefined ? 0 : limits.connections)),
  )
  const outgoing =
    relayed + sum(upstreams.map(({ limits, servers }) => limits.connections * servers.length))
  const needed = incoming + outgoing + BESIDES
  const { at } = listeners[0]
  const faults: Fault[] = []
  if (workers !== 'auto' && workers > cores) {
    const message = `found workers: ${workers} where this machine has ${countText(cores, 'core')} for them: they take turns, and each has memory of its own; write workers: auto`
    faults.push({ at: file, message })
  }
  if (descriptors !== undefined && needed > descriptors) {
    const message = `found limits.connections that may take ${needed} descriptors in one process (${incoming} of devices, ${outgoing} of upstreams, ${BESIDES} besides), and ${descriptors} that this process may have open (ulimit -n): connections beyond that are broken off; raise LimitNOFILE (systemd) or --ulimit nofile (containers), or lower limits.connections`
    faults.push({ at, message })
  }
  const idle = size * incoming * IDLE_OCTETS
  if (memory !== undefined && idle > memory) {
    const message = `found limits.connections with which idle connections alone may take ${mebibytes(idle)} MiB in ${countText(size, 'process', 'processes')}, and ${mebibytes(memory)} MiB that there may be: the system ends processes that use more; raise the limit, or lower limits.connections`
    faults.push({ at, message })
  }
  return faults
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

const mebibytes = (octets: number): number => Math.round(octets / 1024 / 1024)

/** The store, the log, the admin API, metrics, look-ups, lists, and files that are read again. */
const BESIDES = 128
/** What an idle TLS connection costs at least, as measured for `limits.connections`. */
const IDLE_OCTETS = 50_000
