/**
 * Why a port cannot be had, in words.
 */
import { codeOrText } from '../../kernel/error-code.ts'

/** What `listen` threw, and what to do about it. */
export function bindFault(
  error: unknown,
  at: { readonly address: string; readonly port: number },
): string {
  const code = codeOrText(error)
  const where = `${at.address}:${at.port}`
  switch (code) {
    case 'EADDRINUSE':
      return `found ${where} in use, wanted it free: stop the other program or choose another port`
    case 'EACCES':
      return `found no right to bind ${where}, wanted it: choose a port above 1023, or grant the capability to bind low ports`
    case 'EADDRNOTAVAIL':
      return `found no such address here: ${at.address}; choose one of this machine, or 0.0.0.0`
    default:
      return `cannot bind ${where}: ${code}`
  }
}
