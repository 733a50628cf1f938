/**
 * Kills a writer at random moments and looks at what is left: every change that was acknowledged, whole, and the
 * books in order.
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import type { AuditRow } from '../../../src/store/access/audit.ts'
import type { Store } from '../../../src/store/store.ts'
import { killAtTheEnd } from '../../support/programs/running.ts'
import type { Backend, Place } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import { aKey, keysOf, unwrap } from '../../support/store/sightings.ts'

/** Declares the test for one backend. */
export function survivesKills(backend: Backend): void {
  test(`${backend.name}: a program that is killed at any moment loses no acknowledged change`, async () => {
    await using place = await backend.place()
    await (await opened(place)).close()
    const acknowledged: string[] = []
    for (let round = 1; round <= ROUNDS; round += 1) {
      acknowledged.push(...(await untilKilled(place, round)))
      await using store = await opened(place, { initialSettings: undefined })
      await check(store, acknowledged)
    }
    // It got somewhere at all; without this a writer that dies at once would pass.
    expect(acknowledged.filter((what) => what.startsWith('block')).length).toBeGreaterThan(ROUNDS)
  }, 240_000)
}

/** Each costs the start of a process; the acceptance run of the whole product does fifty. */
const ROUNDS = Number(process.env['TFE_KILLS'] ?? '8')

/** Lets a writer run until it has said a random number of words, then a random moment longer. */
async function untilKilled(place: Place, round: number): Promise<readonly string[]> {
  const settings = JSON.stringify(place.settings)
  const writer = spawn(process.execPath, [WRITER, settings, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  killAtTheEnd(writer)
  const gone = once(writer, 'exit')
  const said: string[] = []
  const words = 3 + randomInt(40)
  for await (const line of createInterface({ input: writer.stdout })) {
    if (line !== 'ready') said.push(line)
    // Not at the moment of an acknowledgement, but somewhere in the work that follows it.
    if (said.length === words) setTimeout(() => writer.kill('SIGKILL'), randomInt(12))
  }
  expect(await gone).toEqual([null, 'SIGKILL'])
  return said
}

const WRITER = join(import.meta.dirname, 'kill-durability-writer.ts')

async function check(store: Store, acknowledged: readonly string[]): Promise<void> {
  const documents = new Set(unwrap(await store.documents.list()).map(({ name }) => name))
  const settings = unwrap(await store.enrollment.list())
  const secrets = new Set(unwrap(await store.secrets.list()).map(({ name }) => name))
  const keys = new Map(
    (await keysOf(store, 'approved', 'blocked')).map((one) => [one.key, one.approval]),
  )
  const rows = await everyAuditRow(store)
  for (const what of acknowledged) {
    const [kind, name = ''] = what.split(' ')
    if (kind === 'document') expect(documents).toContain(name)
    if (kind === 'setting') expect(settings.map(({ name }) => name)).toContain(name)
    if (kind === 'device') expect(keys.has(aKey(name))).toBe(true)
    if (kind === 'block') expect(keys.get(aKey(name))).toBe('blocked')
    if (kind === 'secret') {
      expect(secrets).toContain(name)
      expect(unwrap(await store.secrets.open(name))?.secret.toString()).toBe(name)
    }
    if (kind === 'latch') expect(unwrap(await store.enforcement.current()).state).toBe('required')
  }
  expect(settings.filter(({ standing }) => standing.kind === 'current').length).toBeLessThanOrEqual(
    1,
  )
  // A document without its audit row, or the other way round, would be half a change.
  const audited = rows
    .filter(({ action }) => action === 'document.put')
    .map(({ subject }) => subject)
  expect(new Set(audited)).toEqual(documents)
  const last = Math.max(0, ...rows.map(({ revision }) => revision))
  expect(unwrap(await store.feed.revision())).toBeGreaterThanOrEqual(last)
}

async function everyAuditRow(store: Store): Promise<readonly AuditRow[]> {
  const rows: AuditRow[] = []
  let after: string | undefined
  do {
    const page = unwrap(await store.audit.list({ limit: 1000, after }))
    rows.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return rows
}
