/**
 * Devices: lists, searches, one of them whole, and the numbers of the charts.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { fail, ok } from '../../../kernel/types.ts'
import { allDeparting } from '../../../store/devices/departing-devices.ts'
import { defineRoute } from '../../define-route.ts'
import { bodyOutput, noContent } from '../../route-output.ts'
import { pageQuery, pageOf, strictObject, text, stringEnum } from '../../schemas.ts'
import {
  certificateShape,
  deviceShape,
  filterOf,
  filterProperties,
  shownDeviceCertificate,
  shownDevice,
} from './shapes.ts'
import { departuresShape, shownDepartures } from './expectation.ts'
import { chartsShape, readCharts } from './charts.ts'
import { besideOf } from './beside.ts'
import { minimumsOf, agentMinimums } from '../fleet/settings.ts'
import type { AdminContext } from '../../context.ts'

const idParams = strictObject({ id: text(200) })

/** Adds the calls. */
export function addDeviceRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store, frontEnd } = context
  defineRoute(app, {
    route: 'GET /api/devices',
    role: 'viewer',
    tag: 'devices',
    summary: 'A page of the devices that meet every condition.',
    query: strictObject({
      ...filterProperties,
      order: Type.Optional(stringEnum(['first-seen', 'last-seen'] as const)),
      ...pageQuery,
    }),
    response: pageOf(deviceShape),
    handle: async ({ query }) => {
      const { limit = 100, after, order = 'last-seen', ...asked } = query
      const filter = filterOf(asked, frontEnd)
      const minimums = await minimumsOf(context)
      if (!minimums.ok) return minimums
      const listed = await store.devices.list({
        filter,
        order,
        limit,
        after,
        minimums: agentMinimums(minimums.value),
      })
      if (!listed.ok) return listed
      const { items, next } = listed.value
      const subjects = await store.devices.subjects(items.map(({ id }) => id))
      if (!subjects.ok) return subjects
      const beside = await besideOf(context, items)
      if (!beside.ok) return beside
      const shown = items.map((one) =>
        shownDevice(one, {
          minimums: minimums.value,
          subject: subjects.value.get(one.id),
          frontEnd,
          ...beside.value(one),
        }),
      )
      return ok({ body: { items: shown, next: next ?? null } })
    },
  })
  defineRoute(app, {
    route: 'GET /api/devices/:id',
    role: 'viewer',
    tag: 'devices',
    summary: 'One device, with its certificates, keys and ids.',
    params: idParams,
    response: strictObject({
      device: deviceShape,
      certificates: Type.Array(certificateShape, { description: 'Newest first, at most 100.' }),
      keys: Type.Array(Type.String()),
      signed_ids: Type.Array(Type.String()),
    }),
    fails: [404],
    handle: async ({ params }) => {
      const found = await store.devices.find(params.id)
      if (!found.ok) return found
      const it = found.value
      if (it === undefined) return fail({ kind: 'not-found', what: 'device', key: params.id })
      const minimums = await minimumsOf(context)
      if (!minimums.ok) return minimums
      const beside = await besideOf(context, [it.device])
      if (!beside.ok) return beside
      return ok({
        body: {
          device: shownDevice(it.device, {
            minimums: minimums.value,
            subject: it.certificates[0]?.subject,
            frontEnd,
            ...beside.value(it.device),
          }),
          certificates: it.certificates.map(shownDeviceCertificate),
          keys: [...it.keys],
          signed_ids: [...it.signedIds],
        },
        version: it.device.version,
      })
    },
  })
  defineRoute(app, {
    route: 'DELETE /api/devices/:id',
    role: 'operator',
    tag: 'devices',
    summary:
      'Forget a device, so that it is new when it comes back. A blocked one is kept. The audit trail keeps how the list showed it, and digests of its keys and ids are kept for a week.',
    params: idParams,
    versioned: true,
    fails: [404, 409],
    handle: async ({ actor, params, expected }) =>
      noContent(await store.devices.forget(actor, params.id, expected)),
  })
  defineRoute(app, {
    route: 'GET /api/departures',
    role: 'viewer',
    tag: 'devices',
    summary:
      "How many devices depart from the server's documents, by how; one device may in several ways.",
    response: departuresShape,
    handle: async () => {
      const departing = allDeparting(frontEnd.installation(), frontEnd.syncListener())
      return bodyOutput(await store.devices.departures(departing), (counts) =>
        shownDepartures(counts, frontEnd),
      )
    },
  })
  defineRoute(app, {
    route: 'GET /api/charts',
    role: 'viewer',
    tag: 'devices',
    summary: 'The numbers of the charts: readiness, approval status, migration, classes.',
    response: chartsShape,
    handle: async () => bodyOutput(await readCharts(context), (charts) => charts),
  })
}
