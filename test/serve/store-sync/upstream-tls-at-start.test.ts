/** A start with a page of outgoing TLS in the store: what is dangerous about it is announced as if the file said so. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { runtimeCatalogue } from '../../../src/config/reading/runtime-offers.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { documentOf, documentName } from '../../../src/upstream-tls/document.ts'
import { initialSettings } from '../../../src/upstream-tls/draft-result.ts'
import { createStore } from '../../../src/serve/store-sync/create-store.ts'
import { openLogTo } from '../../../src/serve/log.ts'
import { startServer } from '../../../src/serve/start.ts'
import { openStore } from '../../../src/store/store.ts'
import { applied, drafted, FILE } from '../../upstream-tls/small-runtime.ts'
import { productYaml, writeFiles, type Line } from '../../support/front-ends/product.ts'
import type { SettingsContext, TlsSettings } from '../../../src/upstream-tls/settings-types.ts'

const BY = { who: 'test', from: 'test' }
const RULES: SettingsContext = { catalogue: runtimeCatalogue(), preset: 'secure', file: FILE }
const DRAFTED = drafted(initialSettings(RULES), { strict: false }, RULES)
const APPLIED = applied(DRAFTED, RULES)

/** Every line of a start and its end, over a store with these settings, and the dangers of the metrics in between. */
async function startWith(
  settings: TlsSettings,
  upstreamTls: readonly string[],
  more: Readonly<Record<string, string>> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-start-'))
  writeFiles(folder)
  const file = join(folder, 'tfe.yaml')
  const yaml = { store: ' { sqlite: data/tfe.sqlite }', ...more }
  // No request goes to the upstream.
  writeFileSync(file, productYaml({ upstreamPort: 1, upstreamTls, yaml }))
  const loaded = await loadConfig(file, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  const created = await createStore(loaded.value, BY)
  if (!created.ok) throw new Error(JSON.stringify(created.failure))
  const store = await openStore(
    { kind: 'sqlite', path: join(folder, 'data/tfe.sqlite') },
    {
      clock: { now: () => Date.now() as Instant },
      ring: { keys: new Map() },
      initialSettings: undefined,
    },
  )
  if (!store.ok) throw new Error(store.failure.kind)
  const body = documentOf(settings, RULES)
  const put = await store.value.documents.put(BY, { name: documentName('mdm'), body }, 'any')
  await store.value.close()
  if (!put.ok) throw new Error(put.failure.kind)
  const lines: Line[] = []
  const logger = openLogTo(
    { write: (text) => lines.push(JSON.parse(text) as Line) },
    { level: 'info', requests: true, connections: true },
  )
  const entry = { script: join(import.meta.dirname, '../../../src/main.ts'), args: ['worker'] }
  const started = await startServer(loaded.value, {
    logger,
    entry,
    readConfiguration: () => Promise.resolve(loaded),
  })
  if (!started.ok) throw new Error(JSON.stringify(started.failure))
  const scraped = await fetch(`http://127.0.0.1:${started.value.statusPort}/metrics`)
  const metrics = await scraped.text()
  await started.value.drain()
  rmSync(folder, { recursive: true, force: true })
  return {
    announced: lines.flatMap(({ dangerous, at }) =>
      dangerous === undefined ? [] : [[dangerous, at]],
    ),
    counted: metrics.includes('tfe_dangerous{kind="unverified-upstream"'),
    said: lines.map(({ msg }) => String(msg)),
  }
}

test('strict TLS that was switched off in the store is announced at each start, and counted', async () => {
  const { announced, counted } = await startWith(APPLIED, [])
  expect(announced).toEqual([['unverified-upstream', 'store: upstream TLS of mdm']])
  expect(counted).toBe(true)
})

test('the line of an upstream that is not verified says that it is told who the devices are only where it is', async () => {
  const upstreams = (identity: string): Readonly<Record<string, string>> => ({
    upstreams: `
  mdm: { url: 'https://localhost:1', tls: { strict: false, dangerousStrictOff: true }${identity} }`,
  })
  const told = await startWith(DRAFTED, [], upstreams(', identity: {}'))
  expect(told.said).toContain(
    'upstream mdm is not verified: anybody on the way can pose as it and is told who the devices are',
  )
  const { announced, said } = await startWith(DRAFTED, [], upstreams(''))
  expect(announced).toEqual([['unverified-upstream', expect.stringMatching(/tfe\.yaml:\d+:\d+ /)]])
  expect(said).toContain(
    'upstream mdm is not verified: anybody on the way can pose as it and reads what devices send to it',
  )
  expect(said.filter((one) => one.includes('is told who'))).toEqual([])
})

test('what is only drafted is neither announced nor counted', async () => {
  const { announced, counted } = await startWith(DRAFTED, [])
  expect(announced).toEqual([])
  expect(counted).toBe(false)
})

test('what the file states since is no danger, and the start says whose word counts', async () => {
  const { announced, counted, said } = await startWith(APPLIED, ['strict: true'])
  expect(announced).toEqual([])
  expect(counted).toBe(false)
  expect(said).toContainEqual(
    expect.stringContaining(
      'mdm: the configuration file states Enable Strict TLS, which was chosen otherwise on the page',
    ),
  )
})
