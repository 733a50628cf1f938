/**
 * A device made of OpenSSL, with the leaf, its key and the intermediates of a case: `openssl s_client`, and where
 * that stumbles over itself, the OpenSSL inside Node.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { connect, type TLSSocket } from 'node:tls'
import type { CaseFiles } from './case-files.ts'

/** What became of one request. */
export type Answer =
  | { readonly kind: 'answered'; readonly status: number }
  /** The client takes the leaf, its key or an intermediate for nothing that it could present. */
  | { readonly kind: 'not-loaded'; readonly why: string }
  /** The front end closed before HTTP began, and wrote down why: nothing on its listener is open to such a device. */
  | { readonly kind: 'closed' }
  /** TLS ended before HTTP began. */
  | { readonly kind: 'no-handshake'; readonly why: string }

/** Sends one request as the device of this case. */
export async function call(port: number, path: string, files: CaseFiles): Promise<Answer> {
  const answer = await callWithTool(port, path, files)
  // The tool takes what is left in its own error queue, such as a key of an intermediate that it could not decode,
  // for the end of the connection.
  return answer.kind === 'answered' ? answer : callWithNode(port, path, files)
}

const requestFor = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`

async function callWithTool(port: number, path: string, files: CaseFiles): Promise<Answer> {
  const options = [
    '-connect',
    `127.0.0.1:${port}`,
    '-servername',
    'localhost',
    '-cert',
    files.leaf,
    '-key',
    files.key,
    ...(files.intermediates === undefined ? [] : ['-cert_chain', files.intermediates]),
    // The client shall present what it has, and neither judge nor complete it.
    '-no-CAfile',
    '-no-CApath',
    '-no-CAstore',
    '-cipher',
    EVERYTHING,
    '-quiet',
    '-ign_eof',
  ]
  const child = spawn('openssl', ['s_client', ...options], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: ANSWER_WITHIN_MS,
  })
  // A client that could not load its certificate is gone before it reads.
  child.stdin.on('error', () => {})
  child.stdin.write(requestFor(path))
  const ended = once(child, 'close')
  const [output, complaint] = await Promise.all([text(child.stdout), text(child.stderr)])
  await ended
  return answerIn(output) ?? { kind: 'no-handshake', why: complaint }
}

/** OpenSSL's weakest: whether a key is too weak is for the front end to say. */
const EVERYTHING = 'DEFAULT:@SECLEVEL=0'

/** The same as the OpenSSL inside Node sends it. */
export async function callWithNode(port: number, path: string, files: CaseFiles): Promise<Answer> {
  const chain = [files.leaf, files.intermediates].flatMap((file) =>
    file === undefined ? [] : [readFileSync(file)],
  )
  const device = { cert: Buffer.concat(chain), key: readFileSync(files.key), ciphers: EVERYTHING }
  const server = { host: '127.0.0.1', port, servername: 'localhost' }
  let socket: TLSSocket
  try {
    // The server is not authenticated: the front end is the one that was started here.
    socket = connect({ ...server, ...device, rejectUnauthorized: false })
  } catch (error) {
    return withoutAnswer(error as Error)
  }
  socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Error('no answer')))
  const met: Error[] = []
  socket.on('error', (error) => met.push(error))
  // Kept as it comes: an answer that arrived stands, also when the connection is reset behind it.
  let output = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    output += chunk
  })
  // Not ended from here: a server that closes while octets of ours are unread resets the connection.
  socket.write(requestFor(path))
  await new Promise((resolve) => socket.once('close', resolve))
  return answerIn(output) ?? withoutAnswer(met[0] ?? new Error('no answer'))
}

function withoutAnswer(error: Error & { readonly library?: string }): Answer {
  const kind = error.library === 'SSL routines' ? 'no-handshake' : 'not-loaded'
  return { kind, why: error.message }
}

function answerIn(output: string): Answer | undefined {
  const status = /^HTTP\/1\.1 (\d{3}) /u.exec(output)?.[1]
  return status === undefined ? undefined : { kind: 'answered', status: Number(status) }
}

/** A hundred times what it takes; a client that hangs is a fault of the run. */
const ANSWER_WITHIN_MS = 20_000
