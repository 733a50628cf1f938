/** An orderly end while devices call: kept-alive ones, those that come anew, and one request that takes long. */
import { Agent, request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { clientTls, fleet } from '../support/front-ends/product.ts'
import type { Target } from './servers.ts'

/** How many requests were begun, and how many of them had no whole answer. */
export interface Lost {
  readonly asked: number
  readonly lost: number
}

/** Has a server end under load. */
export async function stopUnderLoad(target: Target): Promise<Lost> {
  let [asked, lost] = [0, 0]
  const ask = async (agent: Agent | false, large = false): Promise<boolean> => {
    asked += 1
    const isServed = await isAnswered(target.port, agent, large)
    if (!isServed) lost += 1
    return isServed
  }
  /** As behind a balancer: sent where it is ready, and away from it after a failure. */
  const client = async (agent: Agent | false): Promise<void> => {
    while (await target.isReady()) if (!(await ask(agent))) return
  }
  const kept = Array.from({ length: KEPT }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  const clients = [
    ...kept.map((agent) => client(agent)),
    ...Array.from({ length: NEW }, () => client(false)),
    ...Array.from({ length: LONG }, () => ask(false, true)),
  ]
  await pause(2000)
  await Promise.all([target.stop(), ...clients])
  for (const agent of kept) agent.destroy()
  return { asked, lost }
}

function isAnswered(port: number, agent: Agent | false, large: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const path = large ? '/enroll/large' : '/device/x'
    const outgoing = request({ ...clientTls(port, fleet.device), path, agent }, (answer) => {
      answer.on('error', () => {})
      answer.once('close', () => resolve(answer.complete && answer.statusCode === 200))
      if (!large) return void answer.resume()
      // Under way when the end begins.
      setTimeout(() => answer.resume(), 2500)
    })
    outgoing.once('error', () => resolve(false))
    outgoing.end()
  })
}

const [KEPT, NEW, LONG] = [12, 4, 8]
