/**
 * Why a port cannot be had, in words.
 */
import { codeOrText } from '../../kernel/error-code.ts'
import type { Fault } from '../../kernel/types.ts'

/** An address and a port that the configuration names at `at`. */
interface Address {
  readonly at: string
  readonly address: string
  readonly port: number
}

/** Returns what `listen` threw as a fault, with what to do about it. */
export const bindFault = (error: unknown, listener: Address): Fault => ({
  at: listener.at,
  message: messageOf(codeOrText(error), listener),
})

function messageOf(code: string, { address, port }: Address): string {
  const where = `${address}:${port}`
  switch (code) {
    case 'EADDRINUSE':
      return `found ${where} in use, wanted it free: stop the other program or choose another port`
    case 'EACCES':
      return `found no right to bind ${where}, wanted it: choose a port above 1023, or grant the capability to bind low ports`
    case 'EADDRNOTAVAIL':
      return `found no such address here: ${address}; choose one of this machine, or 0.0.0.0`
    default:
      return `cannot bind ${where}: ${code}`
  }
}
