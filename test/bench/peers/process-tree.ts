/** What a program and the processes that it started have used so far, by the kernel's own accounts (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks a second in which /proc/PID/stat counts: the same on every Linux that Node runs on (`getconf CLK_TCK`). */
const TICKS = 100

/** User and system time in seconds, of processes that have ended and were waited for, too. Exact to a tick per process. */
export function cpuSeconds(pid: number): number {
  const ticks = treeOf(pid).map((one) => {
    const fields = afterName(read(`/proc/${one}/stat`))
    // utime, stime, cutime, cstime: the 14th to 17th field of proc(5); the name before the third may hold anything.
    return fields.slice(11, 15).reduce((sum, text) => sum + Number(text), 0)
  })
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS
}

/** Resident memory in KiB. Pages that processes share count for each, so take differences only. */
export function residentKib(pid: number): number {
  return treeOf(pid)
    .map((one) => Number(/^VmRSS:\s+(\d+) kB$/mu.exec(read(`/proc/${one}/status`))?.[1] ?? 0))
    .reduce((sum, one) => sum + one, 0)
}

function treeOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

/** Children belong to the thread that started them. */
function childrenOf(pid: number): readonly number[] {
  return threadsOf(pid)
    .flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).trim().split(' '))
    .filter((text) => text !== '')
    .map(Number)
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // it has ended
  }
}

const afterName = (stat: string): readonly string[] =>
  stat.slice(stat.lastIndexOf(')') + 2).split(' ')

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return '' // it has ended
  }
}
