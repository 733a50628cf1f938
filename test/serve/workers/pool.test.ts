/** Workers that start, end and are reloaded meanwhile: each of them gives the same answer. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { FromWorker, ToWorker } from '../../../src/serve/workers/messages.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { crlServer } from '../../support/crl-server.ts'
import { mintCrl, serialIn } from '../../support/certificates/mint-crl.ts'
import { clientTls, fleet, productYaml, writeFiles } from '../../support/front-ends/product.ts'
import { MAIN, serveProcess, type ServeProcess } from '../../support/front-ends/serve-process.ts'
import { childrenOf } from '../../support/programs/children-of.ts'
import { Program } from '../../support/programs/program.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
/** Ten seconds of it are waiting for a worker that gives no answer. */
const NO_X = '{ id: no-x, path: /device/x, class: denied }'

test('a worker that is started after a refused reload serves what the others serve', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers: 2 })
  // What is bound is refused by the workers alone: the primary binds nothing.
  frontEnd.writeConfiguration({ rows: [NO_X], limits: ['connections: 77'] })
  frontEnd.child.kill('SIGHUP')
  await frontEnd.waitForLines(1, (line) => /reload refused/.test(String(line['msg'])))
  await replaceOne(frontEnd)
  expect(await statusesOfBoth(frontEnd)).toEqual(['200'])
})

test('what a worker alone has taken of a reload that others refused, it gives back', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers: 2 })
  const [victim = 0] = childrenOf(frontEnd.child)
  // It cannot answer, and dies of that while the other one has already moved on.
  process.kill(victim, 'SIGSTOP')
  frontEnd.writeConfiguration({ rows: [NO_X] })
  frontEnd.child.kill('SIGHUP')
  await someAnswer(frontEnd, '403')
  process.kill(victim, 'SIGKILL')
  await frontEnd.waitForLines(1, (line) => /reload refused/.test(String(line['msg'])))
  await ready(frontEnd)
  expect(await statusesOfBoth(frontEnd)).toEqual(['200'])
  frontEnd.child.kill('SIGHUP')
  await frontEnd.waitForLines(1, (line) => line['msg'] === 'reload applied')
  expect(await statusesOfBoth(frontEnd)).toEqual(['403'])
})

test('a worker that hangs holds up no reload: it is ended and replaced, what it was told is refused, and the next reload applies', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers: 2 })
  const [victim = 0] = childrenOf(frontEnd.child)
  process.kill(victim, 'SIGSTOP')
  frontEnd.writeConfiguration({ rows: [NO_X] })
  frontEnd.child.kill('SIGHUP')
  const [refused] = await frontEnd.waitForLines(1, ({ msg }) => /reload refused/.test(String(msg)))
  expect(refused?.['faults']).toMatchObject([
    { at: 'workers', message: expect.stringMatching(/gave no answer within 10 seconds/u) },
  ])
  const [told] = await frontEnd.waitForLines(1, ({ msg }) =>
    /a worker does not answer/.test(String(msg)),
  )
  expect(told).toMatchObject({ level: 'error', waited_ms: 10_000 })
  await ready(frontEnd)
  expect(childrenOf(frontEnd.child)).not.toContain(victim)
  expect(await statusesOfBoth(frontEnd)).toEqual(['200'])
  frontEnd.child.kill('SIGHUP')
  await frontEnd.waitForLines(1, ({ msg }) => msg === 'reload applied')
  expect(await statusesOfBoth(frontEnd)).toEqual(['403'])
})

test('a worker that hangs holds up no end of the program', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const frontEnd = await serveProcess(upstream.port, { workers: 2, yaml: { drain: ' 0s' } })
  const [victim = 0] = childrenOf(frontEnd.child)
  process.kill(victim, 'SIGSTOP')
  await frontEnd[Symbol.asyncDispose]()
  expect(await frontEnd.exit).toBe(0)
  expect(() => process.kill(victim, 0)).toThrow(/ESRCH/u)
})

test('a worker that is started later knows what was revoked', async () => {
  const revoked = [{ serial: serialIn(fleet.device.der) }]
  await using server = await crlServer(mintCrl({ issuer: fleet.devices, revoked }))
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const trust = `
  enrollmentSettings:
    - name: Fleet
      standing: current
      chain: 'file:fleet.pem'
      crl: { lists: [{ url: '${server.url}' }], refresh: 1d }`
  await using frontEnd = await serveProcess(upstream.port, { workers: 2, yaml: { trust } })
  await replaceOne(frontEnd)
  expect(server.received.length).toBe(1)
  for (let visit = 0; visit < VISITS; visit += 1) {
    const device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    await device.ended
  }
  const refused = await frontEnd.waitForLines(VISITS, (line) => line['code'] === 'revoked')
  expect(new Set(refused.map((line) => line['worker'])).size).toBe(2)
})

test('a worker that could not start says so when it is told something else', async () => {
  await using worker = await workerAlone(1)
  const config = await worker.config([])
  const [listener] = config.listeners
  if (listener === undefined) return expect.fail('no listener')
  // TEST-NET-1: an address that no machine has.
  const nowhere = { ...config, listeners: [{ ...listener, address: '192.0.2.1' }] as const }
  worker.tell({ kind: 'start', worker: 1, processConfig: ordersOf(nowhere, 1) })
  worker.tell({ kind: 'reload', worker: 1, processConfig: ordersOf(config, 2) })
  expect((await worker.answers(2)).map(({ kind }) => kind)).toEqual(['refused', 'refused'])
})

const ordersOf = (config: Config, version: number) => ({
  config,
  version,
  ticketSecret: randomBytes(32),
  accountKey: randomBytes(32),
  rules: undefined,
})

async function statusOf({ port }: Pick<ServeProcess, 'port'>): Promise<string | undefined> {
  await using device = await Device.to(port, clientTls(port, fleet.device))
  device.send(REQUEST)
  return (await device.response()).startLine.split(' ')[1]
}

/** The statuses of so many visits that both workers have had some. */
async function statusesOfBoth(frontEnd: ServeProcess): Promise<readonly unknown[]> {
  const statuses = new Set<unknown>()
  for (let visit = 0; visit < VISITS; visit += 1) statuses.add(await statusOf(frontEnd))
  return [...statuses]
}

/** The system chooses a worker for each connection: once in thirty thousand times it chooses the same one throughout. */
const VISITS = 16

/** Settles when some worker answers so; another one may not answer at all. */
async function someAnswer(frontEnd: ServeProcess, status: string): Promise<void> {
  const over = new AbortController()
  const visitor = async (): Promise<void> => {
    while (!over.signal.aborted && (await statusOf(frontEnd)) !== status);
  }
  await Promise.any(Array.from({ length: VISITS }, visitor))
  over.abort()
}

async function replaceOne(frontEnd: ServeProcess): Promise<void> {
  process.kill(childrenOf(frontEnd.child)[0] ?? 0, 'SIGKILL')
  await frontEnd.waitForLines(1, (line) => /starting another/.test(String(line['msg'])))
  await ready(frontEnd)
}

/** Asks again until it is so; each ask is a real round trip. */
async function ready(frontEnd: ServeProcess): Promise<void> {
  while (!(await frontEnd.fetchStatus('/readyz')).startsWith('ready'));
}

interface WorkerAlone extends AsyncDisposable {
  config(rows: readonly string[]): Promise<Config>
  tell(message: ToWorker): void
  /** The first so many answers. */
  answers(count: number): Promise<readonly (FromWorker & { kind: 'answer' })['answer'][]>
}

/** A worker whose primary is this test. */
async function workerAlone(upstreamPort: number): Promise<WorkerAlone> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-worker-'))
  writeFiles(folder)
  const program = new Program(process.execPath, [MAIN], {
    env: { NODE_UNIQUE_ID: '1' },
    hasChannel: true,
    isShown: true,
  })
  const { child } = program
  const heard: FromWorker[] = []
  child.on('message', (message: FromWorker) => heard.push(message))
  const all = async (kind: FromWorker['kind'], count: number): Promise<readonly FromWorker[]> => {
    for (;;) {
      const found = heard.filter((one) => one.kind === kind)
      if (found.length >= count) return found
      await program.unlessEnded(once(child, 'message'))
    }
  }
  await all('hello', 1)
  return {
    async config(rows) {
      const file = join(folder, 'tfe.yaml')
      writeFileSync(file, productYaml({ upstreamPort, rows }))
      const loaded = await loadConfig(file, {})
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
      return loaded.value.config
    },
    tell: (message) => void child.send(message),
    answers: async (count) =>
      (await all('answer', count)).flatMap((one) => (one.kind === 'answer' ? [one.answer] : [])),
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await program.ended
      rmSync(folder, { recursive: true })
    },
  }
}
