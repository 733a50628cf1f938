/** The processes that a program has started (Linux). */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Their ids, the oldest first. */
export function childrenOf({ pid }: Pick<ChildProcess, 'pid'>): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').map(Number)
}
