/** Calls of Node's own functions, counted while they do what they always do. */
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { Worker } from 'node:worker_threads'

export interface Counted extends Disposable {
  /** Calls since it began to count. */
  readonly calls: number
}

/** Counts the signatures that this process has verified by `node:crypto`; what OpenSSL verifies in a handshake is not one. */
export function countVerifications(): Counted {
  const { verify } = crypto
  let calls = 0
  const restore = (function_: typeof verify): void => {
    Object.assign(crypto, { verify: function_ })
    syncBuiltinESMExports()
  }
  restore(((...args: Parameters<typeof verify>) => {
    calls += 1
    return verify(...args)
  }) as typeof verify)
  return {
    get calls() {
      return calls
    },
    [Symbol.dispose]: () => restore(verify),
  }
}

export interface CountedStatements extends Disposable {
  /** How often each statement was sent to a thread of SQLite, since it began to count. */
  readonly statements: ReadonlyMap<string, number>
}

/** Counts what is asked of the threads on which SQLite runs. */
export function countStatements(): CountedStatements {
  const prototype = Worker.prototype as { postMessage: PostMessage }
  const { postMessage } = prototype
  const statements = new Map<string, number>()
  prototype.postMessage = function counted(message, transfer) {
    const { sql } = message as { readonly sql?: unknown }
    if (typeof sql === 'string') statements.set(sql, (statements.get(sql) ?? 0) + 1)
    postMessage.call(this, message, transfer)
  }
  return {
    statements,
    [Symbol.dispose]: () => void (prototype.postMessage = postMessage),
  }
}

type PostMessage = (this: Worker, message: unknown, transfer?: never) => void
