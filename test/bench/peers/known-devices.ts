/** A store that knows and has approved so many devices. It grows from size to size. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { loadConfig } from '../../../src/config/load.ts'
import type { Fingerprint, Instant, KeyFingerprint } from '../../../src/kernel/types.ts'
import { createStore } from '../../../src/serve/store-sync/create-store.ts'
import { explainStore } from '../../../src/store/explain.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import { openStore } from '../../../src/store/store.ts'
import { BenchFault } from './bench-fault.ts'
import type { Candidate, Site } from './candidate.ts'
import type { FrontEndSettings } from './front-end.ts'

/** Fills the store of this run up to so many devices; gives how a configuration names it. */
export async function knownDevices(
  site: Site,
  frontEnd: (settings: FrontEndSettings) => Candidate,
  size: number,
): Promise<object> {
  const path = join(site.folder, 'devices.db')
  const settings = { sqlite: path }
  let known = knownIn.get(path)
  if (known === undefined) {
    await makeStore(site, frontEnd({ store: settings }))
    known = 0
  }
  await fill(path, known, size)
  knownIn.set(path, Math.max(known, size))
  return settings
}

/** How many devices a store has, by its path. */
const knownIn = new Map<string, number>()

/** As `tfe init` makes it, with the enrollment settings of the configuration. */
async function makeStore(site: Site, candidate: Candidate): Promise<void> {
  const name = 'founder'
  candidate.prepare({ ...site, name, port: 1 })
  const loaded = await loadConfig(join(site.folder, `${name}.yaml`), {})
  const created = loaded.ok ? await createStore(loaded.value, BENCH) : loaded
  if (!created.ok) throw new BenchFault(JSON.stringify(created.failure))
}

async function fill(path: string, from: number, to: number): Promise<void> {
  const opened = await openStore(
    { kind: 'sqlite', path },
    {
      clock: { now: () => Date.now() as Instant },
      ring: { keys: new Map() },
      initialSettings: undefined,
    },
  )
  if (!opened.ok) throw new BenchFault(explainStore(opened.failure).sentence)
  const store = opened.value
  try {
    for (let start = from; start < to; start += BATCH) {
      const count = Math.min(BATCH, to - start)
      const batch = Array.from({ length: count }, (_, index) => sighting(start + index))
      const written = await store.sightings.record(batch)
      if (!written.ok) throw new BenchFault(explainStore(written.failure).sentence)
    }
  } finally {
    await store.close()
  }
}

const BENCH = { who: 'bench', from: 'bench' }
const BATCH = 5000
const YEAR_MS = 365 * 86_400_000

/** A device that was seen with a fit certificate, which approves it. */
function sighting(number: number): Sighting {
  const at = Date.now() as Instant
  return {
    at,
    count: 1,
    listener: 'devices',
    certificate: {
      fingerprint: digest(`certificate ${number}`) as Fingerprint,
      key: digest(`key ${number}`) as KeyFingerprint,
      issuerKey: digest('issuer') as KeyFingerprint,
      serial: number.toString(16).padStart(16, '0'),
      issuer: 'CN=Bench Devices',
      subject: `CN=device-${number}`,
      signedIds: [digest(`device ${number}`).slice(0, 32)],
      notBefore: (at - YEAR_MS) as Instant,
      notAfter: (at + YEAR_MS) as Instant,
      setting: 'bench',
      sound: true,
    },
    reportedId: undefined,
    class: undefined,
    agent: 'bench',
    agentVersion: undefined,
    agentRank: undefined,
    verdict: 'admit',
    code: 'verified',
    authentication: 'succeeded',
    migration: undefined,
    approvesItself: true,
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
