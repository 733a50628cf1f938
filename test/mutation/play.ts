/**
 * Plays all mutants, in one thread at a time, which is replaced when a mutant does not let go of it.
 */
import { Worker } from 'node:worker_threads'
import type { Mutant } from './instrument.ts'
import type { Coverage, Report, Task } from './worker.ts'

/** What became of a mutant. */
export interface Verdict {
  readonly mutant: Mutant
  /** The test that noticed; `time` when it never ended; nothing when it survived. */
  readonly killer: string | undefined
}

/** Ten times what all tests of a mutant take on a busy machine. */
const MAX_SILENCE_MS = 90_000

/** How often progress is told. */
const EVERY = 100

/** All verdicts, or nothing when a test fails without any mutant. */
export async function playAll(
  work: Omit<Task, 'coverage'>,
  tell: (done: number, survived: number) => void,
): Promise<readonly Verdict[] | undefined> {
  const killers = new Map<number, string | undefined>()
  let coverage: Coverage | undefined
  let survived = 0
  const note = (id: number, killer: string | undefined): void => {
    killers.set(id, killer)
    if (killer === undefined) survived += 1
    if (killers.size % EVERY === 0) tell(killers.size, survived)
  }
  while (killers.size < work.mutants.length) {
    const mutants = work.mutants.filter(({ id }) => !killers.has(id))
    const isWhole = await playSome({ ...work, mutants, coverage }, (report) => {
      if (report.kind === 'covered') coverage = report.coverage
      if (report.kind === 'judged') note(report.id, report.killer)
      if (report.kind === 'broken') console.error(`fails without any mutant: ${report.test}`)
    })
    if (!isWhole) return undefined
  }
  return work.mutants.map((mutant) => ({ mutant, killer: killers.get(mutant.id) }))
}

/** Plays until the thread ends or falls silent; `false` when it cannot do its work at all. */
async function playSome(task: Task, hear: (report: Report) => void): Promise<boolean> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task })
  const ended = Promise.withResolvers<boolean>()
  let current: number | undefined
  let isBroken = false
  const onSilence = (): void => {
    if (current === undefined) isBroken = true
    else hear({ kind: 'judged', id: current, killer: 'time' })
    void worker.terminate()
  }
  let alarm = setTimeout(onSilence, MAX_SILENCE_MS * 4)
  worker.on('message', (report: Report) => {
    clearTimeout(alarm)
    alarm = setTimeout(onSilence, MAX_SILENCE_MS)
    if (report.kind === 'begun') current = report.id
    if (report.kind === 'broken') isBroken = true
    hear(report)
  })
  worker.on('error', (error) => {
    const isFull =
      error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    if (isFull && current !== undefined) hear({ kind: 'judged', id: current, killer: 'time' })
    else {
      console.error(error)
      isBroken = true
    }
  })
  worker.on('exit', () => ended.resolve(!isBroken))
  try {
    return await ended.promise
  } finally {
    clearTimeout(alarm)
  }
}
