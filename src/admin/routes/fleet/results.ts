/**
 * What was saved of attempts (S2-19): results of authentication per hour, and of requests for sensitive rows per day,
 * which stand for the documents' decryption of secure data.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { DAY_MS, isoText, ok, type Instant } from '../../../kernel/types.ts'
import { AUTHENTICATIONS, VERDICTS } from '../../../store/schema/vocabulary.ts'
import type { AdminContext } from '../../context.ts'
import { defineRoute } from '../../define-route.ts'
import { patternText, strictObject, stringEnum, time } from '../../schemas.ts'

/** Adds the call. */
export function addResultRoutes(app: FastifyInstance, { store, clock }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/enforcement/results',
    role: 'viewer',
    tag: 'enforcement',
    summary: 'What was saved of attempts in the last days, oldest first.',
    query: strictObject({
      days: Type.Optional(
        patternText('^(?:[1-9]|[1-8][0-9]|90)$', { wanted: 'a number of days, 1 to 90' }),
      ),
    }),
    response: strictObject({
      authentication: Type.Array(
        strictObject({
          hour: time('Its beginning.'),
          authentication: stringEnum(AUTHENTICATIONS),
          attempts: Type.Integer(),
        }),
      ),
      decryption: Type.Array(
        strictObject({
          day: time('Its beginning.'),
          listener: Type.String(),
          row: Type.String(),
          verdict: stringEnum(VERDICTS),
          code: Type.String(),
          requests: Type.Integer(),
        }),
        { description: 'Requests for sensitive rows; the newest 10,000 lines at most.' },
      ),
    }),
    handle: async ({ query: { days = '7' } }) => {
      const since = Math.max(0, clock.now() - Number(days) * DAY_MS) as Instant
      const hours = await store.attemptCounts.hourly(since)
      if (!hours.ok) return hours
      const sensitive = await store.attemptResults.sensitive(since)
      if (!sensitive.ok) return sensitive
      return ok({
        body: {
          authentication: hours.value.map(({ at, authentication, sightings }) => ({
            hour: isoText(at),
            authentication,
            attempts: sightings,
          })),
          decryption: sensitive.value.map(({ at, route, ...it }) => ({
            day: isoText(at),
            row: route,
            ...it,
          })),
        },
      })
    },
  })
}
