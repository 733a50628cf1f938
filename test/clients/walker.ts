/**
 * ORIGIN CA PROTOCOL PLAN: one GET for each line `path chain key` of the plan, all through one agent, which keeps
 * sessions and no connections.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import process from 'node:process'
import type { SecureVersion } from 'node:tls'

const [origin = '', ca = '', protocol = '', plan = ''] = process.argv.slice(2)
const version = protocol as SecureVersion
const agent = new Agent({ keepAlive: false })

for (const line of readFileSync(plan, 'utf8').trim().split('\n')) {
  const [path = '', chain = '-', key = '-'] = line.split(' ')
  const identity = chain === '-' ? {} : { cert: readFileSync(chain), key: readFileSync(key) }
  const asked = request(new URL(path, origin), {
    agent,
    ca: readFileSync(ca),
    minVersion: version,
    maxVersion: version,
    ...identity,
  })
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  // The session arrives with the end of the connection at the latest.
  await once(answer.socket, 'close')
}
