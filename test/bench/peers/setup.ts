/** Opens a bench: everything prepared, and the server behind the candidates running. */
import { claimPort } from '../../support/ports/claim-port.ts'
import type { Bench } from './measure.ts'
import { backend } from './nginx.ts'
import type { BenchOptions } from './options.ts'
import { prepare, type Prepared } from './prepare.ts'
import { startPinned } from './start.ts'

export interface OpenBench extends AsyncDisposable {
  readonly bench: Bench
  readonly prepared: Prepared
}

/** Prepares and starts; `tell` is called with news of the progress. */
export async function openBench(
  { cpus, rounds, scale }: BenchOptions,
  tell: (text: string) => void,
): Promise<OpenBench> {
  const prepared = prepare()
  const { folder, pki, debian, answers, loadProgram } = prepared
  const name = 'backend'
  const port = await claimPort()
  const site = { folder, pki, debian, backendPort: port }
  const command = backend({ ...site, name, port }, answers)
  const running = await startPinned(command, { name, port, folder, cpu: cpus.others })
  return {
    prepared,
    bench: { site, loadProgram, answers, cpus, rounds, scale, tell },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      prepared[Symbol.dispose]()
    },
  }
}
