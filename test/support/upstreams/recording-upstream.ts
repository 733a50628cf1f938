/** An upstream that reads what arrives the way HTTP/1.1 says, answers it, and remembers every octet. */
import type { RawMessage } from '../http/raw-message.ts'
import { upstreamTlsOptions } from './upstream-tls.ts'
import { OK, rawUpstream } from './raw-upstream.ts'

export interface RecordingUpstream extends AsyncDisposable {
  readonly port: number
  /** Everything since the last call: the requests as they were read, and every octet as it came. */
  take(): { readonly requests: readonly RawMessage[]; readonly octets: string }
}

/** Reads on a port of the system's choice. */
export async function recordingUpstream(): Promise<RecordingUpstream> {
  const requests: RawMessage[] = []
  const octets: string[] = []
  const upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
    peer.socket.on('data', (chunk: Buffer) => octets.push(chunk.toString('latin1')))
    for (let next = await peer.request(); next !== undefined; next = await peer.request()) {
      requests.push(next)
      peer.write(OK)
    }
  })
  return {
    port: upstream.port,
    take: () => ({ requests: requests.splice(0), octets: octets.splice(0).join('') }),
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  }
}
