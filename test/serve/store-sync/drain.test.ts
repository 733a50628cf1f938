/** What was seen last, when the program is told to end. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import type { SightingLoad } from '../../support/devices/synthetic-sightings.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { serveProcess, type ServeProcess } from '../../support/front-ends/serve-process.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const HOST = join(import.meta.dirname, '../../support/devices/synthetic-sightings-process.ts')
const STORE = { store: ' { sqlite: data/tfe.sqlite }' }
/** More than a pipe between two processes holds, and all of it at the last moment. */
const LOAD: SightingLoad = { known: 0, newDevices: 4000, total: 4000 }

const serveWithSightings = (
  upstreamPort: number,
  workers: number,
  load: SightingLoad,
): Promise<ServeProcess> =>
  serveProcess(upstreamPort, {
    workers,
    yaml: STORE,
    instead: (config) => Promise.resolve([HOST, config, String(workers), JSON.stringify(load)]),
  })

/** Counts the sightings in the file, whichever process wrote it. */
const sightingsIn = (frontEnd: ServeProcess): number =>
  sumIn(frontEnd, 'select sum(sightings) as sum from devices')

/** Counts the requests that were rolled up by the hour. */
const requestsIn = (frontEnd: ServeProcess): number =>
  sumIn(frontEnd, "select sum(amount) as sum from history where kind = 'requests'")

function sumIn({ folder }: ServeProcess, question: string): number {
  const database = new DatabaseSync(join(folder, 'data/tfe.sqlite'), { readOnly: true })
  try {
    return Number(database.prepare(question).get()?.['sum'] ?? 0)
  } finally {
    database.close()
  }
}

async function checkIn({ port }: ServeProcess): Promise<void> {
  await using device = await Device.to(port, clientTls(port, fleet.device))
  device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await device.response()).startLine).toContain('200')
}

for (const workers of [1, 2]) {
  test(`what was seen in the last moment is in the store when SIGTERM has ended the program (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await serveWithSightings(upstream.port, workers, LOAD)
    await checkIn(frontEnd)
    frontEnd.child.kill('SIGTERM')
    expect(await frontEnd.exit).toBe(0)
    expect(sightingsIn(frontEnd)).toBe(4001)
    expect(requestsIn(frontEnd)).toBe(1)
  })

  test(`a program that is killed instead loses what it had gathered (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await serveProcess(upstream.port, { workers, yaml: STORE })
    await checkIn(frontEnd)
    frontEnd.child.kill('SIGKILL')
    await frontEnd.exit
    expect(sightingsIn(frontEnd)).toBe(0)
  })
}

test('a store that is locked at the end is waited for, and what it did not take is told', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveWithSightings(upstream.port, 2, {
    known: 0,
    newDevices: 50,
    total: 100,
  })
  const path = join(frontEnd.folder, 'data/tfe.sqlite')
  // The program may be writing something else just now.
  const lockHolder = new DatabaseSync(path, { timeout: 10_000 })
  lockHolder.exec('begin exclusive')
  frontEnd.child.kill('SIGTERM')
  const [line] = await frontEnd.waitForLines(1, ({ msg }) =>
    /did not reach the store/.test(String(msg)),
  )
  expect(line).toMatchObject({ sightings: 100, code: 'store-locked' })
  lockHolder.close()
  expect(await frontEnd.exit).toBe(0)
  expect(sightingsIn(frontEnd)).toBe(0)
})
