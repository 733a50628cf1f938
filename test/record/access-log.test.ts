/**
 * The lines of a connection, beside what pino makes of the same facts.
 */
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { ConnectionFacts, RequestEvent } from '../../src/record/event.ts'
import { accessLog } from '../../src/record/access-log.ts'

const FACTS: ConnectionFacts = {
  connection: 'c1',
  listener: 'devices',
  remote: '127.0.0.1',
  balancer: undefined,
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  servername: undefined,
  resumed: false,
  device: undefined,
}
const HOSTILE = 'CN=a"b\\c\u0000\u2028\ud800"}\n{"level":"fatal"}, é'
const REQUEST = {
  method: 'GET',
  path: `/${HOSTILE}`,
  decision: 'admit',
  code: 'verified',
  route: undefined,
  status: 200,
  duration_ms: Number.NaN,
  user_agent: HOSTILE,
} as unknown as RequestEvent
const BOTH = { requests: true, connections: true }

/** A logger with its lines; `base` is what each of them carries. */
function aLog(level = 'info', base: object = {}) {
  const lines: string[] = []
  const log = pino(
    {
      level,
      base: { ...base },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    { write: (line: string) => void lines.push(line) },
  )
  return { log, lines }
}

const withoutTime = (line: string): string => line.replace(/"time":"[^"]*"/, '"time":""')

for (const base of [{}, { worker: 3, host: HOSTILE }]) {
  test(`a line is what pino writes of the same facts, octet for octet (base: ${Object.keys(base).join(', ')})`, () => {
    const { log, lines } = aLog('info', base)
    const device = { subject: HOSTILE, setting: undefined } as unknown as ConnectionFacts['device']
    const facts = { ...FACTS, servername: 'mdm.example.com', device }
    accessLog(log, BOTH, facts).request(REQUEST)
    log.child(facts).info(REQUEST, 'request')
    const [ours = '', pinos = ''] = lines
    expect(withoutTime(ours)).toBe(withoutTime(pinos))
    expect(JSON.parse(ours)).toMatchObject({ path: `/${HOSTILE}`, duration_ms: null })
    expect(ours.indexOf('\n')).toBe(ours.length - 1)
    const { time } = JSON.parse(ours) as { time: string }
    expect(new Date(time).toISOString()).toBe(time)
  })
}

test('a refusal is told by its message', () => {
  const { log, lines } = aLog()
  accessLog(log, BOTH, FACTS).request({ ...REQUEST, decision: 'refuse' })
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'request refused' })
})

test('a logger that is only told of warnings gets no lines', () => {
  const { log, lines } = aLog('warn')
  const journal = accessLog(log, BOTH, FACTS)
  journal.request(REQUEST)
  journal.closed({ outcome: 'served' } as never)
  journal.tunnel({ outcome: 'served' } as never)
  expect(lines).toEqual([])
})

for (const kind of ['requests', 'connections'] as const) {
  test(`without ${kind} the others are written`, () => {
    const { log, lines } = aLog()
    const journal = accessLog(log, { ...BOTH, [kind]: false }, FACTS)
    journal.request(REQUEST)
    journal.closed({ outcome: 'served' } as never)
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      kind === 'requests' ? 'connection' : 'request',
    ])
  })
}
