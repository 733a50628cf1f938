/** A device with a fit certificate that calls ten times a second, each time on a connection of its own. */
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { clientTls, fleet } from '../support/front-ends/product.ts'

/** What became of its calls. */
export interface Calls {
  readonly asked: number
  readonly failed: number
  /** Milliseconds that it waited at most. */
  readonly longest: number
  /** What went wrong, each once, five at most. */
  readonly why: readonly string[]
}

/** Calls a port for so many milliseconds. */
export async function calls(port: number, length: number): Promise<Calls> {
  const end = performance.now() + length
  const all: Promise<Call>[] = []
  while (performance.now() < end) {
    all.push(call(port))
    await pause(100)
  }
  const ended = await Promise.all(all)
  const failures = ended.flatMap(({ failure }) => (failure === undefined ? [] : [failure]))
  return {
    asked: ended.length,
    failed: failures.length,
    longest: Math.max(...ended.map(({ waited }) => waited)),
    why: [...new Set(failures)].slice(0, 5),
  }
}

interface Call {
  readonly waited: number
  readonly failure: string | undefined
}

/** One call, from the connection to the end of the answer. */
async function call(port: number): Promise<Call> {
  const begun = performance.now()
  const failure = await new Promise<string | undefined>((resolve) => {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const options = { ...clientTls(port, fleet.device), path: '/device/x', agent: false, signal }
    const outgoing = request(options, (answer: IncomingMessage) => {
      answer.resume()
      answer.once('close', () => resolve(answer.complete ? undefined : 'answer broken off'))
      if (answer.statusCode !== 200) resolve(`status ${answer.statusCode}`)
    })
    outgoing.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name))
    outgoing.end()
  })
  return { waited: performance.now() - begun, failure }
}

/** An agent gives up after some ten seconds. */
const PATIENCE_MS = 10_000
