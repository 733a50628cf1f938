/**
 * An address with the wrong scheme: what answers there is asked in the other one, without a token, because neither
 * `EPROTO` nor `ECONNRESET` says what is wrong.
 */
import { request as httpRequest } from 'node:http'
import { connect } from 'node:tls'
import { codeOrText } from '../../kernel/error-code.ts'
import type { Explanation } from '../../kernel/explanation.ts'

/** Explains a call that failed because the other scheme is served there; undefined where that is not why. */
export async function explainOtherScheme(url: URL, error: Error): Promise<Explanation | undefined> {
  const isTls = url.protocol === 'https:'
  const signs = isTls ? TLS_TO_PLAIN : PLAIN_TO_TLS
  if (!signs.test(codeOrText(error))) return undefined
  if (!(await (isTls ? speaksHttp(url) : speaksTls(url)))) return undefined
  const [found, wanted] = isTls ? ['https', 'http'] : ['http', 'https']
  return {
    sentence: `found the address ${url.origin}, and ${wanted} is served there, not ${found}`,
    nextStep: `call ${wanted}://${url.host}, by --url or TFE_ADMIN_URL`,
  }
}

const TLS_TO_PLAIN = /^(?:EPROTO|ERR_SSL_)/u
const PLAIN_TO_TLS = /^(?:ECONNRESET|EPIPE|HPE_)/u

async function speaksHttp({ hostname, port }: URL): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const options = { host: bare(hostname), port: port || 443, method: 'HEAD', timeout: PROBE_MS }
  const call = httpRequest(options, () => resolve(true))
  call.on('timeout', () => call.destroy())
  call.on('error', () => resolve(false))
  call.on('close', () => resolve(false))
  call.end()
  const answered = await promise
  call.destroy()
  return answered
}

/** Whose certificate it is does not matter: nothing is sent. */
async function speaksTls({ hostname, port }: URL): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const options = { host: bare(hostname), port: Number(port || 80), rejectUnauthorized: false }
  const socket = connect({ ...options, timeout: PROBE_MS }, () => resolve(true))
  socket.on('timeout', () => socket.destroy())
  socket.on('error', () => resolve(false))
  socket.on('close', () => resolve(false))
  const answered = await promise
  socket.destroy()
  return answered
}

/** An IPv6 address as sockets take it. */
const bare = (hostname: string): string => hostname.replaceAll(/[[\]]/gu, '')

const PROBE_MS = 3000
