/**
 * Queries of devices that are saved under a name.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { isoText } from '../../../kernel/types.ts'
import type { SavedQuery } from '../../../store/settings/saved-queries.ts'
import { QUERY_ORIGINS } from '../../../store/schema/vocabulary.ts'
import { defineRoute } from '../../define-route.ts'
import { itemsOutput, noContent, versionedOutput } from '../../route-output.ts'
import { strictObject, text, time, stringEnum, listOf } from '../../schemas.ts'
import { filterShape } from './shapes.ts'
import type { AdminContext } from '../../context.ts'

const query = strictObject({
  id: Type.String(),
  name: Type.String(),
  origin: stringEnum(QUERY_ORIGINS, 'Chart-generated, or saved by an administrator.'),
  query: Type.Unknown(),
  created_by: Type.String(),
  created: time('When it was saved.'),
  version: Type.Integer(),
})

/** Adds the calls. */
export function addSavedQueryRoutes(app: FastifyInstance, { store }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/queries',
    role: 'viewer',
    tag: 'devices',
    summary: 'Saved queries, by name; the segments of charts among them.',
    response: listOf(query),
    handle: async () => itemsOutput(await store.queries.list(), shownQuery),
  })
  defineRoute(app, {
    route: 'POST /api/queries',
    role: 'operator',
    tag: 'devices',
    summary: 'Save a query under a name. A chart segment that was saved before is given back.',
    body: strictObject({
      name: text(200),
      origin: stringEnum(QUERY_ORIGINS),
      query: filterShape,
    }),
    response: query,
    created: true,
    fails: [409],
    handle: async ({ actor, body }) =>
      versionedOutput(await store.queries.save(actor, body), shownQuery),
  })
  defineRoute(app, {
    route: 'DELETE /api/queries/:id',
    role: 'operator',
    tag: 'devices',
    summary: 'Remove a saved query.',
    params: strictObject({ id: text(200) }),
    versioned: true,
    fails: [404],
    handle: async ({ actor, params, expected }) =>
      noContent(await store.queries.remove(actor, params.id, expected)),
  })
}

const shownQuery = (it: SavedQuery): Static<typeof query> => ({
  id: it.id,
  name: it.name,
  origin: it.origin,
  query: it.query,
  created_by: it.createdBy,
  created: isoText(it.createdAt),
  version: it.version,
})
