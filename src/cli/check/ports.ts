/** Whether the ports of a configuration can be had: each is bound and let go at once, and nothing is taken in between. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from '../../config/config.ts'
import { bracketed } from '../../config/reading/host.ts'
import type { Fault } from '../../kernel/types.ts'
import { bindFault } from '../../serve/process/bind-fault.ts'
import { errorCode } from '../../kernel/error-code.ts'

/** Says of each port why it could not be had; nothing of those that the front end has which runs here. */
export async function portWarnings(config: Config): Promise<readonly Fault[]> {
  const places = [...config.listeners, config.metrics, ...(config.admin ? [config.admin] : [])]
  const faults: Fault[] = []
  let isRunning: boolean | undefined
  for (const place of places) {
    if (place.port === 0) continue
    const error = await bindError(place)
    if (error === undefined) continue
    const isTaken = errorCode(error) === 'EADDRINUSE'
    if (isTaken) {
      isRunning ??= await answersAsOurs(config.metrics)
      if (isRunning) continue
    }
    const { at, message } = bindFault(error, place)
    const more = '; no front end answers at metrics, so another program may have it'
    faults.push({ at, message: isTaken ? `${message}${more}` : message })
  }
  return faults
}

async function bindError({
  address: host,
  port,
}: Pick<Config['metrics'], 'address' | 'port'>): Promise<unknown> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return undefined
  } catch (error) {
    return error
  }
}

/** Whether what listens there says what our status port says. */
async function answersAsOurs({ address, port }: Config['metrics']): Promise<boolean> {
  const host = ANY_ADDRESS.get(address) ?? address
  try {
    const response = await fetch(`http://${bracketed(host)}:${port}/healthz`, {
      // What another program has to say leads nowhere.
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    return (await response.text()) === 'alive\n'
  } catch {
    return false
  }
}

const ANY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])
/** It is on this machine. */
const ANSWER_MS = 2000
