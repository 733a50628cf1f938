/**
 * What Node says without us: `tls.connect` with the same anchors and the same name. A program: cases come in as JSON,
 * verdicts go out as JSON; its clock is whatever it was started under.
 */
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { checkServerIdentity, connect } from 'node:tls'

/** One question. */
export interface PlainCase {
  readonly port: number
  readonly name: string
  readonly ca: readonly string[]
}

/** Nothing when Node believes the server; otherwise its code. */
export type PlainVerdict = string | null

const cases = JSON.parse(await text(process.stdin)) as readonly PlainCase[]
const verdicts: PlainVerdict[] = []
for (const one of cases) verdicts.push(await verdictOn(one))
process.stdout.write(JSON.stringify(verdicts))

function verdictOn({ port, name, ca }: PlainCase): Promise<PlainVerdict> {
  const { promise, resolve } = Promise.withResolvers<PlainVerdict>()
  try {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca: [...ca],
      // Addresses are not names to send, and to verify all the same.
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    })
    socket.once('secureConnect', () => {
      resolve(null)
      socket.destroy()
    })
    socket.once('error', (error: Error & { readonly code?: string }) => {
      resolve(error.code ?? error.message)
      socket.destroy()
    })
  } catch (error) {
    resolve(`not asked: ${String(error)}`)
  }
  return promise
}
