/** What a scrape says, on a front end that serves, of one process and of several. */
import { expect, test } from 'vitest'
import { isCommand } from '../../support/commands.ts'
import { Device } from '../../support/devices/device.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { serveProcess, type ServeProcess } from '../../support/front-ends/serve-process.ts'
import { conventionFaults, promtoolFindings } from '../../support/metrics/conventions.ts'
import { readExposition, totalIn, valueIn } from '../../support/metrics/exposition.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const STORE = { store: ` { sqlite: 'data/tfe.sqlite' }` }

for (const workers of [1, 2]) {
  const among = workers === 1 ? 'one process' : 'several workers'

  test(`a scrape of ${among} keeps to the conventions`, async () => {
    const { text } = await scrapeOf(workers)
    const families = readExposition(text)
    expect(conventionFaults(families)).toEqual([])
    expect(families.filter(({ type }) => type === 'histogram')).not.toEqual([])
  })

  test.skipIf(!isCommand('promtool'))(
    `promtool finds nothing in a scrape of ${among}`,
    async () => {
      const { text } = await scrapeOf(workers)
      expect(promtoolFindings(text)).toEqual([])
      // It does find what is wrong.
      expect(promtoolFindings('# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n')).not.toEqual(
        [],
      )
    },
  )

  test(`a scrape of ${among} says what runs and since when`, async () => {
    const { text, between } = await scrapeOf(workers)
    const { node, openssl } = process.versions
    const info = readExposition(text).find(({ name }) => name === 'tfe_build_info')
    expect(info?.samples).toMatchObject([{ labels: { node, openssl }, value: 1 }])
    expect(info?.samples[0]?.labels['version']).toMatch(/^\d+\.\d+\.\d+/u)
    const started = valueIn(text, 'process_start_time_seconds')
    expect(started).toBeGreaterThan(between[0] - 1)
    expect(started).toBeLessThan(between[1])
    expect(valueIn(text, 'tfe_log_lines_dropped_total')).toBe(0)
  })
}

test('what a peer says makes no series: other names of its own leave them as they are', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using served = await product({ upstreamPort: upstream.port, yaml: STORE })
  const scraped = async () => (await fetch(`http://127.0.0.1:${served.statusPort}/metrics`)).text()
  await sayAll(served, 'peersword1')
  const before = seriesOf(await scraped())
  for (let round = 2; round < 6; round += 1) await sayAll(served, `peersword${round}`)
  const text = await scraped()
  expect(seriesOf(text)).toEqual(before)
  expect(text.toLowerCase()).not.toContain('peersword')
  expect(totalIn(text, 'tfe_requests_total')).toBe(25)
  expect(totalIn(text, 'tfe_unparsable_requests_total')).toBe(5)
})

const seriesOf = (text: string): readonly string[] =>
  readExposition(text)
    // The runtime names kinds of its garbage collection when it does one of them.
    .filter(({ name }) => name.startsWith('tfe_'))
    .flatMap(({ samples }) => samples.map(({ name, labels }) => JSON.stringify([name, labels])))

interface Scraped {
  readonly text: string
  /** When the front end was started at the earliest, and scraped (Unix time). */
  readonly between: readonly [number, number]
}

const scraped = new Map<number, Promise<Scraped>>()

/** Each front end is started once. */
function scrapeOf(workers: number): Promise<Scraped> {
  const known = scraped.get(workers) ?? newScrape(workers)
  scraped.set(workers, known)
  return known
}

async function newScrape(workers: number): Promise<Scraped> {
  const before = Date.now() / 1000
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers, yaml: STORE })
  await sayAll(frontEnd, 'met')
  return { text: await frontEnd.fetchStatus('/metrics'), between: [before, Date.now() / 1000] }
}

/** Everything that a peer may choose, with a word of its own in it: six requests. */
async function sayAll({ port }: Pick<ServeProcess, 'port'>, word: string): Promise<void> {
  const own = mintLeaf({ issuer: fleet.devices, name: word, selfSigned: true })
  const requests = [
    [
      fleet.device,
      `GET /device/${word}?${word} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ${word}`,
    ],
    [fleet.device, `${word.toUpperCase()} /device/x HTTP/1.1\r\nHost: localhost`],
    [fleet.device, `GET /${word} HTTP/1.1\r\nHost: localhost`],
    [fleet.device, `GET /device/x HTTP/1.1\r\nHost: ${word}.test`],
    [own, `GET /enroll/x HTTP/1.1\r\nHost: localhost\r\n${word}: ${word}`],
    [undefined, `GET /device/x HTTP/1.1\r\nHost: localhost\r\nX-Device-Id: ${word}`],
  ] as const
  for (const [leaf, head] of requests) {
    await using device = await Device.to(port, clientTls(port, leaf))
    device.send(`${head}\r\nConnection: close\r\n\r\n`)
    await device.ended
  }
}
