/** What was seen last, when the program is told to end. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { Device } from '../support/device.ts'
import type { Feed } from '../support/fed.ts'
import { fleetUpstream } from '../support/fleet-upstream.ts'
import { calling, fleet } from '../support/product.ts'
import { served, type Served } from '../support/served.ts'
import { answering, OK, rawUpstream } from '../support/upstream.ts'

const HOST = join(import.meta.dirname, '../support/fed-host.ts')
const STORE = { store: ' { sqlite: data/tfe.sqlite }' }
/** More than a pipe between two processes holds, and all of it at the last moment. */
const FEED: Feed = { known: 0, fresh: 4000, total: 4000 }

const fedHouse = (upstreamPort: number, workers: number, feed: Feed): Promise<Served> =>
  served(upstreamPort, {
    workers,
    yaml: STORE,
    instead: (config) => Promise.resolve([HOST, config, String(workers), JSON.stringify(feed)]),
  })

/** As they stand in the file, whoever wrote it. */
function sightingsIn({ folder }: Served): number {
  const database = new DatabaseSync(join(folder, 'data/tfe.sqlite'), { readOnly: true })
  try {
    return Number(database.prepare('select sum(sightings) as sum from devices').get()?.['sum'] ?? 0)
  } finally {
    database.close()
  }
}

async function checkIn({ port }: Served): Promise<void> {
  await using device = await Device.to(port, calling(port, fleet.device))
  device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await device.response()).startLine).toContain('200')
}

for (const workers of [1, 2]) {
  test(`what was seen in the last moment is in the store when SIGTERM has ended the program (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(fleetUpstream, answering(OK))
    await using house = await fedHouse(upstream.port, workers, FEED)
    await checkIn(house)
    house.child.kill('SIGTERM')
    expect(await house.exit).toBe(0)
    expect(sightingsIn(house)).toBe(4001)
  })

  test(`a program that is killed instead loses what it had gathered (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(fleetUpstream, answering(OK))
    await using house = await served(upstream.port, { workers, yaml: STORE })
    await checkIn(house)
    house.child.kill('SIGKILL')
    await house.exit
    expect(sightingsIn(house)).toBe(0)
  })
}

test('a store that is locked at the end is waited for, and what it did not take is told', async () => {
  await using upstream = await rawUpstream(fleetUpstream, answering(OK))
  await using house = await fedHouse(upstream.port, 2, { known: 0, fresh: 50, total: 100 })
  const thief = new DatabaseSync(join(house.folder, 'data/tfe.sqlite'))
  thief.exec('begin exclusive')
  house.child.kill('SIGTERM')
  const [line] = await house.linesOf(1, ({ msg }) => /did not reach the store/.test(String(msg)))
  expect(line).toMatchObject({ sightings: 100, code: 'store-locked' })
  thief.close()
  expect(await house.exit).toBe(0)
  expect(sightingsIn(house)).toBe(0)
})
