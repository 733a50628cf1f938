/**
 * Devices that no certificate tells apart, as warnings, charts and commands show them: one reading of the store for all.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { CALLER_DAYS, type CallerNumbers } from '../../../fleet/callers.ts'
import { DAY_MS, isoText, ok, type Instant, type Result } from '../../../kernel/types.ts'
import type { UncertifiedId } from '../../../store/callers/unknown-callers.ts'
import type { StoreTrouble } from '../../../store/failure.ts'
import type { AdminContext } from '../../context.ts'
import { defineRoute } from '../../define-route.ts'
import { nullable, pageOf, pageQuery, strictObject, time } from '../../schemas.ts'

const place = {
  listener: nullable(
    Type.String({ description: 'Null where a day had more than are told apart.' }),
  ),
  row: nullable(
    Type.String({
      description: 'Null on a sync port and for a connection closed before a request.',
    }),
  ),
  code: nullable(Type.String({ description: 'What it would be refused with.' })),
}

/** The numbers, as every call shows them. */
export const callersShape = strictObject(
  {
    days: Type.Integer({ description: 'How many days are looked back on.' }),
    requests: Type.Array(
      strictObject({
        ...place,
        requests: Type.Integer(),
        named: Type.Integer({ description: 'Of these, those whose client gave itself an id.' }),
        last_seen: time('When it was met last.'),
      }),
      {
        description:
          'Requests of unknown devices that would be refused if certificates were required; counted while certificates are recorded.',
      },
    ),
    uncertified: Type.Integer({
      description: 'Devices of the inventory that never showed a certificate, known hosts apart.',
    }),
    named: Type.Array(
      strictObject({ ...place, devices: Type.Integer(), last_seen: time('When it was met last.') }),
      {
        description:
          'Those of them that clients without a certificate said to be, by where they did so last. Any client can say so.',
      },
    ),
    known_hosts: Type.Integer({
      description: 'Devices that are marked to stay in "No authentication info".',
    }),
  },
  'Devices that no certificate tells apart.',
)

interface ReadCallers extends CallerNumbers {
  readonly shown: Static<typeof callersShape>
}

/** Reads the numbers; `uncertified` is what the sync port waits for, too. */
export async function readCallers({
  store,
  clock,
}: Pick<AdminContext, 'clock' | 'store'>): Promise<Result<ReadCallers, StoreTrouble>> {
  const since = Math.max(0, clock.now() - (CALLER_DAYS - 1) * DAY_MS) as Instant
  const requests = await store.unknownCallers.requests(since)
  if (!requests.ok) return requests
  const named = await store.unknownCallers.namedDevices(since)
  if (!named.ok) return named
  const uncertified = await store.devices.count(UNCERTIFIED, [])
  if (!uncertified.ok) return uncertified
  const hosts = await store.devices.count({ authentication: 'no-info', silent: true }, [])
  if (!hosts.ok) return hosts
  return ok({
    days: CALLER_DAYS,
    requests: requests.value,
    uncertified: uncertified.value,
    named: named.value,
    shown: {
      days: CALLER_DAYS,
      requests: requests.value.map(({ requests: many, named: ids, ...it }) => ({
        ...shownPlace(it),
        requests: many,
        named: ids,
        last_seen: isoText(it.lastSeen),
      })),
      uncertified: uncertified.value,
      named: named.value.map(({ devices, ...it }) => ({
        ...shownPlace(it),
        devices,
        last_seen: isoText(it.lastSeen),
      })),
      known_hosts: hosts.value,
    },
  })
}

/** In the inventory, never seen with a certificate at any time after 1970, and not marked to stay so. */
export const UNCERTIFIED = { inInventory: true, notSeenSince: 1 as Instant, silent: false }

const shownPlace = ({
  listener,
  route,
  code,
}: {
  readonly listener: string
  readonly route: string
  readonly code: string
}) => ({
  listener: listener === '' ? null : listener,
  row: route === '' ? null : route,
  code: code === '' ? null : code,
})

/** What a client without a certificate said to be. */
export const uncertifiedIdShape = strictObject({
  id: Type.String({ description: 'As the client wrote it; it proves nothing.' }),
  device: nullable(
    strictObject({ id: Type.String(), name: nullable(Type.String()) }, 'Of the inventory.'),
  ),
  ...place,
  requests: Type.Integer(),
  first_seen: time('When it was said first.'),
  last_seen: time('When it was said last, at this listener and row.'),
})

export const shownUncertifiedId = (it: UncertifiedId): Static<typeof uncertifiedIdShape> => ({
  id: it.id,
  device: it.device === undefined ? null : { id: it.device.id, name: it.device.name ?? null },
  ...shownPlace(it),
  requests: it.requests,
  first_seen: isoText(it.firstSeen),
  last_seen: isoText(it.lastSeen),
})

/** Adds the call that lists ids. */
export function addCallerRoutes(app: FastifyInstance, { store }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/uncertified-ids',
    role: 'viewer',
    tag: 'devices',
    summary:
      'A page of the ids that clients without a certificate gave themselves, and that belong to no device with one.',
    query: strictObject({ ...pageQuery }),
    response: pageOf(uncertifiedIdShape),
    handle: async ({ query: { limit = 100, after } }) => {
      const listed = await store.unknownCallers.ids(0 as Instant, { limit, after })
      if (!listed.ok) return listed
      const { items, next } = listed.value
      return ok({ body: { items: items.map(shownUncertifiedId), next: next ?? null } })
    },
  })
}
