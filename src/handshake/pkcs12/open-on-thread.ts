/**
 * Opens PKCS#12 files on a thread of their own, one thread for each: 600,000 rounds of derivation are half a second at
 * best, and none of it may hold up the sockets.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { codeOrText } from '../../kernel/error-code.ts'
import { fail, type Result } from '../../kernel/types.ts'
import type { Pkcs12Failure } from './failure.ts'
import { openPkcs12, type OpenedPkcs12 } from './open.ts'

/** Opens a file, or says why not; without a passphrase an empty one is tried. */
export type KeystoreOpener = (
  bytes: Buffer,
  passphrase: string | undefined,
) => Promise<Result<OpenedPkcs12, Pkcs12Failure>>

interface Task {
  readonly thread: 'tfe-pkcs12'
  readonly bytes: Uint8Array
  readonly passphrase: string | undefined
}

/** As `KeystoreOpener`; the calling thread goes on meanwhile. */
export const openOnThread: KeystoreOpener = (bytes, passphrase) => {
  const { promise, resolve } = Promise.withResolvers<Result<OpenedPkcs12, Pkcs12Failure>>()
  const task: Task = { thread: 'tfe-pkcs12', bytes, passphrase }
  // Its own flags: those of a test runner or a debugger are not the thread's business.
  const worker = new Worker(THREAD_FILE, { workerData: task, execArgv: [] })
  const end = (why: string): void => resolve(fail({ kind: 'not-finished', why }))
  const late = setTimeout(() => end(`no end after ${LONGEST_MS / 1000} seconds`), LONGEST_MS)
  worker.on('message', resolve)
  worker.on('error', (error) => end(codeOrText(error)))
  worker.on('exit', () => end('its thread ended'))
  return promise.finally(() => {
    clearTimeout(late)
    void worker.terminate()
  })
}

/** Where a `Worker` finds this file. */
const THREAD_FILE = new URL(import.meta.url)
/** Four times what the most work within the limits takes on a machine that has nothing else to do: it may have to wait. */
const LONGEST_MS = 120_000

const task: unknown = workerData
if (!isMainThread && parentPort !== null && isTask(task)) {
  // The channel makes another kind of octets of a buffer.
  const bytes = Buffer.from(task.bytes.buffer, task.bytes.byteOffset, task.bytes.byteLength)
  parentPort.postMessage(openPkcs12(bytes, task.passphrase), [])
}

function isTask(data: unknown): data is Task {
  return typeof data === 'object' && data !== null && Reflect.get(data, 'thread') === 'tfe-pkcs12'
}
