/**
 * A script, run where the only resolver is ours (`in-namespace.ts`): the front end with an upstream whose name is never
 * answered for, and with one that is well. Prints the statuses that devices got of each; `plain` does without the defence.
 */
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns'
import { once } from 'node:events'
import process from 'node:process'
import { PROCESS_LOOKUPS } from '../../../src/forward/connect/name-lookups.ts'
import { requestOnce } from '../devices/request-once.ts'
import { fleet, product } from '../front-ends/product.ts'
import { answering, OK, rawUpstream } from '../upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../upstreams/upstream-tls.ts'

/**
 * Questions about `hang.test`, and about what only the hosts file has, are read and never answered; every other name below
 * `test` is this machine, and there are no others (RFC 1035 §4.1).
 */
async function resolver(): Promise<void> {
  const socket = createSocket('udp4')
  socket.on('message', (question, { port, address }) => {
    if (question.includes('\x04hang') || question.includes('\x06listed')) return
    const end = question.indexOf(0, 12) + 5
    const isKnown = question.includes('\x04test\0')
    const isA = isKnown && question.readUInt16BE(end - 4) === 1
    const answer = Buffer.concat([
      question.subarray(0, 2),
      Buffer.of(0x81, isKnown ? 0x80 : 0x83, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0),
      question.subarray(12, end),
      isA ? Buffer.of(0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1) : Buffer.alloc(0),
    ])
    socket.send(answer, port, address)
  })
  socket.bind(53, '127.0.0.1')
  await once(socket, 'listening')
}

if (process.argv[2] === 'plain') Object.defineProperty(PROCESS_LOOKUPS, 'lookup', { value: lookup })
await resolver()
const { port } = await rawUpstream(upstreamTlsOptions, answering(OK))
const upstream = ([name, host]: readonly [string, string]): string => `
  ${name}:
    url: https://${host}:${port}
    tls:
      trust: { default: off, custom: ['file:upstream-ca.pem'] }
      hostname: localhost
      clientCertificate: { chain: 'file:front-end.pem', key: 'file:front-end.key' }
    limits: { connect: 1s, connections: 16 }`
const HOSTS = [
  ['hang', 'hang.test'],
  ['well', 'well.test'],
  ['listed', 'listed.test'],
  ['short', 'short'],
] as const
const served = await product({
  upstreamPort: port,
  yaml: {
    upstreams: HOSTS.map(upstream).join(''),
    routes: `
  tested:
    upstream: well
    rows:
${HOSTS.map(([name]) => `      - { id: ${name}, path: /${name}/*, class: device, upstream: ${name} }\n`).join('')}`,
  },
})
const status = async (path: string): Promise<number> =>
  (await requestOnce(served, { version: 'TLSv1.3', device: fleet.device, path })).status
// As many as connections are allowed: more than libuv lends threads to look-ups.
const hanging = await Promise.all(Array.from({ length: 16 }, () => status('/hang/x')))
const [well, listed, short] = await Promise.all(['/well/x', '/listed/x', '/short/x'].map(status))
const told = served.lines.find((line) => line['upstream'] === 'hang')
process.stdout.write(
  `${JSON.stringify({ hang: [...new Set(hanging)], well, listed, short, reason: told?.['reason'] })}\n`,
  // The threads that wait would hold up an orderly end.
  () => process.kill(process.pid, 'SIGKILL'),
)
