/**
 * A worker pool of one or several processes, told by the test what a store would tell it.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoreRules } from '../../../src/state/store-rules.ts'
import type { OverlayDelta } from '../../../src/state/overlay.ts'
import { claimPort } from '../ports/claim-port.ts'
import { Program } from '../programs/program.ts'
import { fleet, productYaml, writeFiles, type Line, type ProductOptions } from './product.ts'
import { endedIn, LineLog } from './serve-process.ts'

/** What a test may tell. */
export type PoolCommand =
  | { readonly kind: 'overlay'; readonly delta: OverlayDelta }
  | { readonly kind: 'rules'; readonly rules: StoreRules }
  | { readonly kind: 'scrape' }
  /** Every worker is killed, and spoken to before anything can have told that it is gone. */
  | { readonly kind: 'kill-and-tell' }
  | { readonly kind: 'drain' }

export interface PoolProcess extends AsyncDisposable {
  readonly port: number
  /** Tells it, and waits until the primary has passed it on. */
  send(command: PoolCommand): Promise<unknown>
  /**
   * How many connections and tunnels were ended by what was sent before, as the workers count them. They are asked
   * twice, and obey in order: the first answer comes after what was sent was done, the second after sockets that this
   * destroyed are closed. So whatever is counted here ended by itself, before the next thing that a worker was told.
   */
  ended(code: string): Promise<number>
  waitForLines(count: number, fits: (line: Line) => boolean): Promise<readonly Line[]>
}

/** Starts a worker pool. */
export async function poolProcess(workers: number, product: ProductOptions): Promise<PoolProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-crewed-'))
  writeFiles(folder)
  const port = await claimPort()
  const file = join(folder, 'tfe.yaml')
  writeFileSync(file, productYaml(product).replace('port: 0\n', `port: ${port}\n`))
  const script = join(import.meta.dirname, 'worker-pool-process.ts')
  const options = { hasChannel: true, isShown: true }
  const program = new Program(process.execPath, [script, file, String(workers)], options)
  const { child } = program
  const log = new LineLog(program)
  const answered = async (): Promise<unknown> => {
    const [message] = await program.unlessEnded(once(child, 'message'))
    return (message as { readonly answer: unknown }).answer
  }
  const started = await answered()
  if (!(started instanceof Object && 'ports' in started)) throw new Error(JSON.stringify(started))
  const send = (command: PoolCommand): Promise<unknown> => {
    const answer = answered()
    child.send(command)
    return answer
  }
  return {
    port,
    send,
    async ended(code) {
      await send({ kind: 'scrape' })
      return endedIn(String(await send({ kind: 'scrape' })), code)
    },
    waitForLines: (count, fits) => log.waitForLines(count, fits),
    async [Symbol.asyncDispose]() {
      await send({ kind: 'drain' })
      child.disconnect()
      await program.ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What the store of the tests' little fleet says when nothing was changed. */
export function storeRules(changes: Partial<StoreRules> = {}): StoreRules {
  return {
    revision: 1,
    latch: 'required',
    enrollmentSettings: [
      {
        name: 'Fleet',
        source: 'local',
        standing: { kind: 'current' },
        chain: [fleet.devices.certificate, fleet.root.certificate],
        crl: undefined,
      },
    ],
    removedSettings: [],
    listPoints: [],
    approvalModel: undefined,
    oauth: { modern: 'enabled', legacy: 'enabled' },
    closedListeners: [],
    upstreamTls: [],
    ...changes,
  }
}
