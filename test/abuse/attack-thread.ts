/** One attack, in a thread of its own: what it does must not slow the device that calls meanwhile. */
import { parentPort, workerData } from 'node:worker_threads'
import { attack, ATTACKS } from './attacks.ts'

/** What an attack is told. */
export interface AttackOrder {
  /** Which of `ATTACKS`. */
  readonly index: number
  readonly port: number
  readonly addresses: readonly string[]
}

const { index, port, addresses } = workerData as AttackOrder
const kind = ATTACKS[index]
if (kind === undefined) throw new Error(`no attack ${index}`)
const running = attack(kind, port, addresses)
// eslint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
setInterval(() => parentPort?.postMessage(running.open), 200)
