/**
 * The legacy sync port, and the migration away from it (S0-16, S0-45, S1-09). Whether it may be closed is decided in
 * `fleet/migration.ts`; the store counts once more in the transaction that closes it.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { CLIENT_CLASSES } from '../../../fleet/client.ts'
import { closingOf, MIGRATION_LABELS, type SyncPort } from '../../../fleet/migration.ts'
import { closingWords } from '../../../fleet/explain.ts'
import { ok, type Instant, type Result } from '../../../kernel/types.ts'
import type { ChartCell } from '../../../store/devices/charts.ts'
import type { StoreTrouble } from '../../../store/failure.ts'
import type { StoredPort } from '../../../store/settings/ports.ts'
import { MIGRATIONS, PORT_STATES } from '../../../store/schema/vocabulary.ts'
import { define } from '../../define-route.ts'
import { refused } from '../../refused.ts'
import { orNull, record, word } from '../../schemas.ts'
import type { Office } from '../../context.ts'

/** The legacy sync port's name in the store. */
export const SYNC_PORT = 'sync'

/** The sync port among those that were ever switched; one that never was is open. */
export const syncPortIn = (ports: readonly StoredPort[]): StoredPort | undefined =>
  ports.find(({ name }) => name === SYNC_PORT)

/** Adds the calls. */
export function syncPortCalls(app: FastifyInstance, office: Office): void {
  looking(app, office)
  turning(app, office)
  migration(app, office)
}

const port = record({
  state: word(PORT_STATES),
  forced: Type.Boolean({ description: 'Closed although devices were pending.' }),
  listener: orNull(Type.String({ description: 'The listener behind it, if there is one.' })),
  pending: Type.Integer({ description: 'Devices that still have to migrate to 443.' }),
  never_met: Type.Integer({
    description: 'Devices of the inventory that never showed a certificate.',
  }),
  unidentified: Type.Integer({
    description: 'Connections on it that could not be told to be a known device.',
  }),
  unmet: Type.Array(
    record({ code: Type.String(), text: Type.String(), next_step: Type.String() }),
    { description: 'What keeps it from being closed; empty when nothing does.' },
  ),
  version: Type.Integer({ description: '0 as long as it was never switched.' }),
})

function looking(app: FastifyInstance, office: Office): void {
  define(
    app,
    {
      method: 'GET',
      path: '/api/sync-port',
      role: 'viewer',
      tag: 'migration',
      summary: 'Whether the sync port is open, and what keeps it from being closed.',
      answer: port,
    },
    async () => {
      const found = await lookedAt(office)
      return found.ok ? ok(answerOf(found.value, office)) : found
    },
  )
}

function turning(app: FastifyInstance, office: Office): void {
  const { store, clock, serving } = office
  define(
    app,
    {
      method: 'POST',
      path: '/api/sync-port/close',
      role: 'administrator',
      tag: 'migration',
      summary:
        'Close the sync port; refused while devices are pending or unidentified, unless forced.',
      body: record({
        force: Type.Boolean({ description: 'Close it in spite of that; written down as forced.' }),
      }),
      answer: port,
      versioned: true,
      fails: [409, 422],
    },
    async ({ by, body, expected }) => {
      const found = await lookedAt(office)
      if (!found.ok) return found
      const { facts } = found.value
      const closing = closingOf(facts, body.force)
      if (!closing.ok) {
        return refused(closing.failure.map((why) => ({ code: why.kind, ...closingWords(why) })))
      }
      const { over } = closing.value
      const closed = await store.ports.close(by, SYNC_PORT, {
        expected,
        force: over.length > 0,
        listener: serving.syncListener() ?? SYNC_PORT,
        // Nobody was ever registered: whoever calls is nobody's device.
        since: facts.isNewInstallation ? FOREVER : sinceOf(clock.now()),
        ...(over.length > 0 ? { over } : {}),
      })
      if (!closed.ok) return closed
      return ok(answerOf({ port: closed.value, facts }, office))
    },
  )
  define(
    app,
    {
      method: 'POST',
      path: '/api/sync-port/open',
      role: 'administrator',
      tag: 'migration',
      summary: 'Open the sync port again.',
      answer: port,
      versioned: true,
    },
    async ({ by, expected }) => {
      const opened = await store.ports.open(by, SYNC_PORT, expected)
      if (!opened.ok) return opened
      const found = await lookedAt(office)
      return found.ok ? ok(answerOf(found.value, office)) : found
    },
  )
}

function migration(app: FastifyInstance, office: Office): void {
  const { store } = office
  define(
    app,
    {
      method: 'GET',
      path: '/api/migration',
      role: 'viewer',
      tag: 'migration',
      summary: 'Client Migration Status of the fleet, altogether and by class.',
      answer: record({
        status: Type.Array(
          record({ status: word(MIGRATIONS), label: Type.String(), devices: Type.Integer() }),
        ),
        pending_by_class: Type.Array(
          record({ class: orNull(word(CLIENT_CLASSES)), devices: Type.Integer() }),
        ),
        in_inventory: Type.Integer(),
        never_met: Type.Integer({ description: 'Of the inventory.' }),
      }),
    },
    async () => {
      const cells = await store.devices.charts([])
      if (!cells.ok) return cells
      const listed = await store.devices.count({ inInventory: true }, [])
      if (!listed.ok) return listed
      const neverMet = await store.devices.count(NEVER_MET, [])
      if (!neverMet.ok) return neverMet
      const sum = (is: (cell: ChartCell) => boolean): number =>
        cells.value.filter(is).reduce((total, { devices }) => total + devices, 0)
      const known: readonly (string | undefined)[] = CLIENT_CLASSES
      const pending = CLIENT_CLASSES.map((name) => ({
        class: name,
        devices: sum((cell) => cell.migration === 'pending' && cell.class === name),
      }))
      const others = sum((cell) => cell.migration === 'pending' && !known.includes(cell.class))
      return ok({
        body: {
          status: MIGRATIONS.map((status) => ({
            status,
            label: MIGRATION_LABELS[status],
            devices: sum(({ migration: it }) => it === status),
          })),
          pending_by_class: [...pending, { class: null, devices: others }].filter(
            ({ devices }) => devices > 0,
          ),
          in_inventory: listed.value,
          never_met: neverMet.value,
        },
      })
    },
  )
}

interface Looked {
  readonly port: StoredPort | undefined
  readonly facts: SyncPort
}

async function lookedAt({ store, clock, serving }: Office): Promise<Result<Looked, StoreTrouble>> {
  const enforced = await store.enforcement.current()
  if (!enforced.ok) return enforced
  const devices = await store.devices.count({}, [])
  if (!devices.ok) return devices
  const neverMet = await store.devices.count(NEVER_MET, [])
  if (!neverMet.ok) return neverMet
  const listener = serving.syncListener() ?? SYNC_PORT
  const waiting = await store.ports.waiting(listener, sinceOf(clock.now()))
  if (!waiting.ok) return waiting
  const ports = await store.ports.list()
  if (!ports.ok) return ports
  return ok({
    port: syncPortIn(ports.value),
    facts: {
      isNewInstallation: devices.value === 0,
      mutualAuthentication: enforced.value.state === 'required',
      neverMet: neverMet.value,
      ...waiting.value,
    },
  })
}

function answerOf(
  { port: stored, facts }: Looked,
  { serving }: Office,
): { readonly body: Static<typeof port>; readonly version: number } {
  const closing = closingOf(facts, false)
  const unmet = stored?.state === 'closed' || closing.ok ? [] : closing.failure
  const version = stored?.version ?? 0
  return {
    body: {
      state: stored?.state ?? 'open',
      forced: stored?.forced ?? false,
      listener: serving.syncListener() ?? null,
      pending: facts.pending,
      never_met: facts.neverMet,
      unidentified: facts.unidentified,
      unmet: unmet.map((why) => {
        const { sentence, nextStep } = closingWords(why)
        return { code: why.kind, text: sentence, next_step: nextStep }
      }),
      version,
    },
    version,
  }
}

/** The period in which a connection that nobody could assign counts: clients check in daily, people take holidays. */
const LOOK_BACK_MS = 14 * 86_400_000
const sinceOf = (now: Instant): Instant => Math.max(0, now - LOOK_BACK_MS) as Instant
const FOREVER = Number.MAX_SAFE_INTEGER as Instant

/** In the inventory, and never seen with a certificate at any time after 1970. */
const NEVER_MET = { inInventory: true, notSeenSince: 1 as Instant }
