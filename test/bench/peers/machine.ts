/** What a run was measured on, in one line. */
import { availableParallelism, cpus, release } from 'node:os'
import process from 'node:process'

export function machineText(): string {
  const [{ model } = { model: 'unknown processor' }] = cpus()
  const { node, openssl } = process.versions
  return `${model.trim()}, ${availableParallelism()} processors, Linux ${release()}, Node ${node} with OpenSSL ${openssl}`
}
