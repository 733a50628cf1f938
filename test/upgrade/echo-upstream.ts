/** The server behind the fleet's front end: it answers with the fields that it received. */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { keyFiles, type Fleet } from '../fixtures/landed-store/mint-fleet.ts'

export interface EchoUpstream {
  readonly port: number
  close(): void
}

export async function echoUpstream({ files }: Pick<Fleet, 'files'>): Promise<EchoUpstream> {
  const tls = { cert: files['tls/upstream.pem'], key: keyFiles()['tls/upstream.key'] }
  const server = createServer(tls, (asked, answer) => {
    asked.resume()
    answer.end(JSON.stringify(asked.rawHeaders))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}
