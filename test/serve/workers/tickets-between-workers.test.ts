import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { Metrics } from '../../../src/record/metrics.ts'
import { FrontEnd } from '../../../src/serve/process/front-end.ts'
import { Overlay } from '../../../src/state/overlay.ts'
import { LoadedCrls } from '../../../src/state/revocation-policy.ts'
import { openLogTo } from '../../../src/serve/log.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { fleet, productYaml, writeFiles, type Line } from '../../support/front-ends/product.ts'
import { serveProcess, type ServeProcess } from '../../support/front-ends/serve-process.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import {
  VERSIONS,
  requestOnce,
  type OneRequest,
  type OneResponse,
} from '../../support/devices/request-once.ts'

const ON = { workers: 2, tls: '{ resumption: "on" }' }

for (const version of VERSIONS) {
  test(`${version}: a session that one worker began is resumed by the other one`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await serveProcess(upstream.port, ON)
    const counter = counted(frontEnd)
    const first = await counter.visit({ version, device: fleet.device })
    const { session } = first
    const next = await counter.visitOther(first.worker, { version, device: fleet.device, session })
    expect([first.resumed, next.resumed, next.status]).toEqual([false, true, 200])
  })

  test(`${version}: the secret is replaced in every worker, also when one device asked only one of them`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await serveProcess(upstream.port, ON)
    const counter = counted(frontEnd)
    const good = await counter.visit({ version, device: fleet.device })
    const bare = await counter.visit({ version, path: '/enroll/x' })
    const refused = await counter.visit({ version, device: fleet.device, session: bare.session })
    expect([refused.resumed, refused.status]).toEqual([true, 403])
    await frontEnd.waitForLines(1, ({ msg }) => msg === 'ticket secret replaced')
    const workers = new Set<unknown>()
    while (workers.size < 2) {
      for (const { session } of [good, bare, refused]) {
        const next = await counter.visit({ version, device: fleet.device, session })
        expect([next.resumed, next.status]).toEqual([false, 200])
        workers.add(next.worker)
      }
    }
  })

  test(`${version}: an issuer that one worker was shown serves sessions that the other one resumes`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await serveProcess(upstream.port, { ...ON, yaml: { trust: ROOT_ALONE } })
    const counter = counted(frontEnd)
    const first = await counter.visit({ version, device: fleet.device })
    const { session } = first
    // Messages keep their order: after the first answer the primary has heard of it, after the second both workers.
    await frontEnd.fetchStatus('/metrics')
    await frontEnd.fetchStatus('/metrics')
    const next = await counter.visitOther(first.worker, { version, device: fleet.device, session })
    expect([next.resumed, next.status]).toEqual([true, 200])
  })
}

test('a ticket secret that was replaced is erased', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-tickets-'))
  writeFiles(folder)
  const file = join(folder, 'tfe.yaml')
  writeFileSync(file, productYaml({ upstreamPort: 1 }))
  const loaded = await loadConfig(file, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  const { log } = openLogTo({ write() {} }, { level: 'info', requests: true, connections: true })
  const [old, next] = [randomBytes(32), randomBytes(32)]
  const { config } = loaded.value
  const processConfig = {
    config,
    version: 1,
    ticketSecret: old,
    accountKey: randomBytes(32),
    rules: undefined,
  }
  const deps = {
    log,
    metrics: new Metrics(),
    shared: false,
    crls: new LoadedCrls(),
    overlay: new Overlay(),
    onStaleSession() {},
    onIssuer() {},
    expirySightings: { add() {} },
    sightingBuffer: { add() {} },
    refusalBuffer: { add() {} },
    upstreamErrors: { add() {} },
  }
  const started = await FrontEnd.start(processConfig, deps)
  if (!started.ok) throw new Error(JSON.stringify(started.failure))
  expect(old.equals(ERASED)).toBe(false)
  expect(started.value.reload({ ...processConfig, ticketSecret: next })).toEqual([])
  expect([old.equals(ERASED), next.equals(ERASED)]).toEqual([true, false])
  // The same orders once more, as after a change of configuration: the secret is in use.
  expect(started.value.reload({ ...processConfig, ticketSecret: next })).toEqual([])
  expect(next.equals(ERASED)).toBe(false)
  await started.value.drain()
  rmSync(folder, { recursive: true })
})

const ROOT_ALONE = `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:root.pem' }`
const ERASED = Buffer.alloc(32)

type Told = OneResponse & { readonly worker: unknown }

/** Visits one after the other, each with the worker that served it. */
function counted(frontEnd: ServeProcess) {
  let visits = 0
  const one = async (visitor: OneRequest): Promise<Told> => {
    const visited = await requestOnce(frontEnd, visitor)
    visits += 1
    const lines = await frontEnd.waitForLines(visits, (line: Line) => 'decision' in line)
    return { ...visited, worker: lines.at(-1)?.['worker'] }
  }
  return {
    visit: one,
    /** The system chooses a worker for each connection: asks until it is another one. */
    async visitOther(than: unknown, visitor: OneRequest): Promise<Told> {
      for (;;) {
        const visited = await one(visitor)
        if (visited.worker !== than) return visited
      }
    },
  }
}
