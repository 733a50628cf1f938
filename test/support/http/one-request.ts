/** One request over a TLS connection of its own, and all that came back for it. */
import { once } from 'node:events'
import { connect } from 'node:tls'
import type { Leaf } from '../certificates/mint.ts'
import { clientTls } from '../front-ends/product.ts'

/** Gives the response as text, head and all; without a leaf, no certificate is shown. */
export async function answerTo(
  target: string,
  { port, leaf, localAddress }: { port: number; leaf?: Leaf | undefined; localAddress?: string },
): Promise<string> {
  const from = localAddress === undefined ? {} : { localAddress }
  const socket = connect({ ...clientTls(port, leaf), ...from })
  socket.end(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  await once(socket, 'close')
  return text
}

/** The reference that a refused device was told; undefined where there is none. */
export const referenceIn = (answer: string): string | undefined =>
  /"reference":"([^"]+)"/u.exec(answer)?.[1]
