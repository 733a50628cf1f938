/**
 * Gives back, before the first device is served, the memory that loading five hundred modules took: a quarter of what
 * the process holds. Left alone it would stay, because serving makes too little lasting garbage for a collection that
 * would find it.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Takes about a tenth of a second, in which nothing else happens. */
export function releaseMemory(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  if (typeof collect === 'function') collect({ type: 'major', flavor: 'last-resort' })
}
