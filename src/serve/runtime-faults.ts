import type { Config } from '../config/config.ts'
import type { Fault } from '../kernel/types.ts'
import { explainRuntimeFault, type TestedTlsVersion } from './self-test/fault.ts'
import { selfTestFault, type ReadPresented } from './self-test/self-test.ts'

/** Whether this runtime can be leaned on, over every version that some listener speaks. */
export async function runtimeFaults(
  { listeners }: Config,
  readPresented: ReadPresented | undefined,
): Promise<readonly Fault[]> {
  const spoken = VERSIONS.filter((version) =>
    listeners.some(({ tls }) => tls.minVersion <= version && version <= tls.maxVersion),
  )
  const fault = await selfTestFault(spoken, readPresented)
  if (fault === undefined) return []
  const { node, openssl } = process.versions
  const { sentence, nextStep } = explainRuntimeFault(fault, `Node ${node} (OpenSSL ${openssl})`)
  return [{ at: fault.kind, message: `${sentence}; ${nextStep}` }]
}

const VERSIONS: readonly TestedTlsVersion[] = ['TLSv1.2', 'TLSv1.3']
