/**
 * The legacy sync port, and the migration away from it (S0-16, S0-45, S1-09). Whether it may be closed is decided in
 * `fleet/migration.ts`; the store counts once more in the transaction that closes it.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { certificateRequirement, enforcementInForce } from '../../../fleet/enforcement-in-force.ts'
import { CLIENT_CLASSES } from '../../../fleet/client.ts'
import {
  checkClosing,
  MIGRATION_LABELS,
  type ClosePermission,
  type SyncPortFacts,
} from '../../../fleet/migration.ts'
import { explainCloseRefusal } from '../../../fleet/explain.ts'
import { isoText, ok, type Instant, type Result } from '../../../kernel/types.ts'
import type { SyncPortCaller } from '../../../store/callers/sync-port-callers.ts'
import type { StoreTrouble } from '../../../store/failure.ts'
import { SYNC_PORT, syncPortIn, type StoredPort } from '../../../store/settings/ports.ts'
import { MIGRATIONS } from '../../../store/schema/vocabulary.ts'
import { defineRoute, type RouteFailure } from '../../define-route.ts'
import { previewAnswer } from '../../preview/answer.ts'
import { previewShape } from '../../preview/shapes.ts'
import { conflict, refuse } from '../../refused.ts'
import { nullable, strictObject, stringEnum, time } from '../../schemas.ts'
import { devicesByClass, devicesIn } from '../devices/chart-sums.ts'
import type { AdminContext } from '../../context.ts'
import { UNCERTIFIED } from './callers.ts'
import { SYNC_PORT_STATES, syncPortState } from './sync-port-state.ts'

/** Adds the calls. */
export function addSyncPortRoutes(app: FastifyInstance, context: AdminContext): void {
  addReadRoute(app, context)
  addSwitchRoutes(app, context)
  addMigrationRoute(app, context)
}

const port = strictObject({
  state: stringEnum(SYNC_PORT_STATES, 'absent: no listener has the purpose sync.'),
  forced: Type.Boolean({ description: 'Closed although devices were pending.' }),
  listener: nullable(Type.String({ description: 'The listener behind it, if there is one.' })),
  pending: Type.Integer({ description: 'Devices that still have to migrate to 443.' }),
  never_met: Type.Integer({
    description: 'Devices of the inventory that never showed a certificate, known hosts apart.',
  }),
  unidentified: Type.Integer({
    description:
      'Connections that carried octets both ways and could not be told to be a known device, of callers that did so in the last 14 days; earlier ones of the same callers are in the number.',
  }),
  callers: Type.Array(
    strictObject({
      device: nullable(
        Type.String({ description: 'Null where no certificate led to a known one.' }),
      ),
      address: nullable(
        Type.String({ description: 'The last one; null for the sum of many more.' }),
      ),
      connections: Type.Integer(),
      octets_in: Type.Integer({ description: 'From the device.' }),
      octets_out: Type.Integer({ description: 'To the device.' }),
      first_seen: time('When it carried octets first.'),
      last_seen: time('When it carried octets last.'),
    }),
    {
      description:
        'Who carried octets both ways in the last 14 days, unknown ones first, at most a hundred.',
    },
  ),
  unmet: Type.Array(
    strictObject({ code: Type.String(), text: Type.String(), next_step: Type.String() }),
    { description: 'What keeps it from being closed; empty when nothing does.' },
  ),
  version: Type.Integer({ description: '0 as long as it was never switched.' }),
})

function addReadRoute(app: FastifyInstance, context: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/sync-port',
    role: 'viewer',
    tag: 'migration',
    summary: 'Whether the sync port is open, and what keeps it from being closed.',
    response: port,
    handle: () => readSyncPortOutput(context),
  })
}

function addSwitchRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store, clock, frontEnd } = context
  const force = Type.Boolean({ description: 'Close it in spite of that; written down as forced.' })
  defineRoute(app, {
    route: 'POST /api/sync-port/close/preview',
    role: 'viewer',
    tag: 'migration',
    summary:
      'Which devices would meet another verdict once the sync port is closed; nothing is changed.',
    body: strictObject({ force }),
    response: previewShape,
    fails: [409],
    handle: async ({ body }) => {
      const closing = await closingOf(context, body.force)
      if (!closing.ok) return closing
      const { listener } = closing.value
      return await previewAnswer(context, { step: { kind: 'close-sync-port', listener } })
    },
  })
  defineRoute(app, {
    route: 'POST /api/sync-port/close',
    role: 'administrator',
    tag: 'migration',
    summary:
      'Close the sync port; refused while devices are pending or unidentified, unless forced.',
    body: strictObject({ force }),
    response: port,
    versioned: true,
    fails: [409],
    handle: async ({ actor, body, expected }) => {
      const closing = await closingOf(context, body.force)
      if (!closing.ok) return closing
      const { listener, facts, callers, over } = closing.value
      const closed = await store.ports.close(actor, SYNC_PORT, {
        expected,
        force: over.length > 0,
        listener,
        // No device was ever registered: a connection on the port is not one of ours.
        since: facts.isNewInstallation ? FOREVER : sinceOf(clock.now()),
        ...(over.length > 0 ? { over } : {}),
      })
      if (!closed.ok) return closed
      return ok(syncPortOutput({ port: closed.value, facts, callers }, context))
    },
  })
  defineRoute(app, {
    route: 'POST /api/sync-port/open',
    role: 'administrator',
    tag: 'migration',
    summary: 'Open the sync port again.',
    response: port,
    versioned: true,
    fails: [409],
    handle: async ({ actor, expected }) => {
      if (frontEnd.syncListener() === undefined) return NO_SYNC_PORT
      const opened = await store.ports.open(actor, SYNC_PORT, expected)
      if (!opened.ok) return opened
      return await readSyncPortOutput(context)
    },
  })
}

interface Closing extends ClosePermission {
  readonly listener: string
  readonly facts: SyncPortFacts
  readonly callers: readonly SyncPortCaller[]
}

/** What closing the port means, or what speaks against it. */
async function closingOf(
  context: AdminContext,
  force: boolean,
): Promise<Result<Closing, RouteFailure>> {
  const listener = context.frontEnd.syncListener()
  if (listener === undefined) return NO_SYNC_PORT
  const found = await readSyncPort(context)
  if (!found.ok) return found
  const { facts, callers } = found.value
  const closing = checkClosing(facts, force)
  if (!closing.ok) return conflict(closing.failure, explainCloseRefusal)
  return ok({ ...closing.value, listener, facts, callers })
}

const NO_SYNC_PORT = refuse({
  status: 409,
  code: 'sync-port-absent',
  detail: 'there is no sync port: no listener of the configuration has the purpose sync',
  nextStep: 'none: no device can call one; a port that is still there belongs to another program',
})

function addMigrationRoute(app: FastifyInstance, context: AdminContext): void {
  const { store } = context
  defineRoute(app, {
    route: 'GET /api/migration',
    role: 'viewer',
    tag: 'migration',
    summary: 'Client Migration Status of the fleet, altogether and by class.',
    response: strictObject({
      status: Type.Array(
        strictObject({
          status: stringEnum(MIGRATIONS),
          label: Type.String(),
          devices: Type.Integer(),
        }),
      ),
      pending_by_class: Type.Array(
        strictObject({ class: nullable(stringEnum(CLIENT_CLASSES)), devices: Type.Integer() }),
      ),
      in_inventory: Type.Integer(),
      never_met: Type.Integer({ description: 'Of the inventory.' }),
    }),
    handle: async () => {
      const cells = await store.devices.charts([])
      if (!cells.ok) return cells
      const listed = await store.devices.count({ inInventory: true }, [])
      if (!listed.ok) return listed
      const neverMet = await store.devices.count(UNCERTIFIED, [])
      if (!neverMet.ok) return neverMet
      const pending = cells.value.filter(({ migration }) => migration === 'pending')
      return ok({
        body: {
          status: MIGRATIONS.map((status) => ({
            status,
            label: MIGRATION_LABELS[status],
            devices: devicesIn(cells.value, ({ migration }) => migration === status),
          })),
          pending_by_class: devicesByClass(pending).filter(({ devices }) => devices > 0),
          in_inventory: listed.value,
          never_met: neverMet.value,
        },
      })
    },
  })
}

interface FoundSyncPort {
  readonly port: StoredPort | undefined
  readonly facts: SyncPortFacts
  readonly callers: readonly SyncPortCaller[]
}

async function readSyncPort({
  store,
  clock,
  frontEnd,
}: AdminContext): Promise<Result<FoundSyncPort, StoreTrouble>> {
  const enforced = await store.enforcement.current()
  if (!enforced.ok) return enforced
  const devices = await store.devices.count({}, [])
  if (!devices.ok) return devices
  const neverMet = await store.devices.count(UNCERTIFIED, [])
  if (!neverMet.ok) return neverMet
  const listener = frontEnd.syncListener() ?? SYNC_PORT
  const blockers = await store.ports.blockers(listener, sinceOf(clock.now()))
  if (!blockers.ok) return blockers
  const callers = await store.syncPortCallers.list(listener, sinceOf(clock.now()))
  if (!callers.ok) return callers
  const ports = await store.ports.list()
  if (!ports.ok) return ports
  return ok({
    callers: callers.value,
    port: syncPortIn(ports.value),
    facts: {
      isNewInstallation: devices.value === 0,
      certificates: certificateRequirement(
        enforcementInForce(frontEnd.fileEnforcement(), enforced.value.state),
      ),
      neverMet: neverMet.value,
      ...blockers.value,
    },
  })
}

async function readSyncPortOutput(context: AdminContext) {
  const found = await readSyncPort(context)
  return found.ok ? ok(syncPortOutput(found.value, context)) : found
}

function syncPortOutput(
  { port: stored, facts, callers }: FoundSyncPort,
  { frontEnd }: AdminContext,
): { readonly body: Static<typeof port>; readonly version: number } {
  const closing = checkClosing(facts, false)
  const state = syncPortState(stored, frontEnd)
  const unmet = state === 'open' && !closing.ok ? closing.failure : []
  const version = stored?.version ?? 0
  return {
    body: {
      state,
      forced: stored?.forced ?? false,
      listener: frontEnd.syncListener() ?? null,
      pending: facts.pending,
      never_met: facts.neverMet,
      unidentified: facts.unidentified,
      callers: callers.map(shownCaller),
      unmet: unmet.map((why) => {
        const { sentence, nextStep } = explainCloseRefusal(why)
        return { code: why.kind, text: sentence, next_step: nextStep }
      }),
      version,
    },
    version,
  }
}

const shownCaller = (it: SyncPortCaller) => ({
  device: it.device ?? null,
  address: it.address === '' ? null : it.address,
  connections: it.connections,
  octets_in: it.octetsIn,
  octets_out: it.octetsOut,
  first_seen: isoText(it.firstSeen),
  last_seen: isoText(it.lastSeen),
})

/** The period in which a connection of no known device counts: clients check in daily, people take holidays. */
const LOOK_BACK_MS = 14 * 86_400_000
const sinceOf = (now: Instant): Instant => Math.max(0, now - LOOK_BACK_MS) as Instant
const FOREVER = Number.MAX_SAFE_INTEGER as Instant
