/**
 * What a call of the admin API is: declared once, and from that checked, guarded, documented and carried out. A call
 * cannot be declared without the role that it needs.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import type { Result } from '../kernel/types.ts'
import type { Actor } from '../store/transactions.ts'
import type { StoreFailure } from '../store/failure.ts'
import type { ExpectedVersion } from '../store/versioned-rows.ts'
import type { Principal, Role } from './auth/principal.ts'
import { adminProblem, storeProblem, type AdminProblem } from './problem.ts'
import { problem as problemSchema } from './schemas.ts'

/** What is declared of a call, and the work that answers it. */
export interface RouteSpec<
  Params extends TObject = TObject,
  Query extends TObject = TObject,
  Body extends TSchema = TSchema,
  ResponseBody extends TSchema = TSchema,
> {
  /** Method and path, the path as fastify writes it: `GET /api/devices/:id`. */
  readonly route: `${'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT'} /${string}`
  /** `public`: also without a credential. */
  readonly role: Role | 'public'
  readonly tag: string
  readonly summary: string
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  /** Nothing for a call that answers 204. */
  readonly response?: ResponseBody
  readonly created?: true
  /** Whether it has to say which version it was decided on (`If-Match`). */
  readonly versioned?: true
  /** Further statuses with a problem document, beside those that follow from the rest. */
  readonly fails?: readonly number[]
  readonly handle: Handler<Static<Params>, Static<Query>, Static<Body>, Static<ResponseBody>>
}

/** What a call brings. */
export interface RouteInput<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly principal: Principal
  /** The same as the store writes it down. */
  readonly actor: Actor
  /** The version in `If-Match`; `any` where none is asked for. */
  readonly expected: ExpectedVersion
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** What a call answers. */
export interface RouteOutput<Body> {
  readonly body: Body
  /** Becomes the `ETag`. */
  readonly version?: number
  readonly location?: string
}

type Handler<Params, Query, Body, ResponseBody> = (
  input: RouteInput<Params, Query, Body>,
) => Promise<Result<RouteOutput<ResponseBody>, RouteFailure>>

/** The store's no, or one of ours. */
export type RouteFailure =
  StoreFailure | { readonly kind: 'problem'; readonly problem: AdminProblem }

/** Adds a call to the API. */
export function defineRoute<
  Params extends TObject,
  Query extends TObject,
  Body extends TSchema,
  ResponseBody extends TSchema,
>(app: FastifyInstance, spec: RouteSpec<Params, Query, Body, ResponseBody>): void {
  const [method = '', url = ''] = spec.route.split(' ')
  const status = spec.response === undefined ? 204 : spec.created === true ? 201 : 200
  app.route({
    method,
    url,
    config: { role: spec.role },
    schema: schemaOf(spec, status),
    handler: async (request, reply) => {
      const expected = spec.versioned === true ? parseIfMatch(request.headers['if-match']) : 'any'
      if (typeof expected === 'object') return await sendProblem(reply, expected)
      const principal = request.principal
      const result = await spec.handle({
        params: request.params as Static<Params>,
        query: request.query as Static<Query>,
        body: request.body as Static<Body>,
        principal: principal ?? ANONYMOUS,
        actor: { who: (principal ?? ANONYMOUS).name, from: request.ip },
        expected,
        request,
        reply,
      })
      if (!result.ok) {
        const { failure } = result
        return await sendProblem(
          reply,
          failure.kind === 'problem' ? failure.problem : storeProblem(failure),
        )
      }
      const { version, location, body } = result.value
      if (version !== undefined) reply.header('etag', `"${version}"`)
      if (location !== undefined) reply.header('location', location)
      return await reply.status(status).send(spec.response === undefined ? undefined : body)
    },
  })
}

/** Who acts in a public call: its caller has shown no credential yet. */
const ANONYMOUS: Principal = { name: 'anonymous', role: 'viewer', by: 'session' }

/** Sends a problem document. */
export function sendProblem(reply: FastifyReply, it: AdminProblem): FastifyReply {
  if (it.status === 401) reply.header('www-authenticate', 'Bearer realm="tfe"')
  return reply.status(it.status).header('content-type', 'application/problem+json').send(it)
}

/** The version in an `If-Match` field, or what is wrong with it. */
function parseIfMatch(field: string | undefined): ExpectedVersion | AdminProblem {
  if (field === undefined) {
    return adminProblem({
      status: 428,
      code: 'version-missing',
      detail: 'the call does not say which version it was decided on',
      nextStep:
        'send the ETag of the last answer as If-Match, or If-Match: * to take whatever is there',
    })
  }
  const text = field.trim()
  if (text === '*') return 'any'
  const [, version] = /^"(\d{1,15})"$/u.exec(text) ?? []
  if (version !== undefined) return Number(version)
  return adminProblem({
    status: 400,
    code: 'version-malformed',
    detail: 'If-Match holds something else than one ETag of ours',
    nextStep: 'send the ETag of the last answer as it is, quotes included',
  })
}

function schemaOf(spec: Omit<RouteSpec, 'handle'>, status: number): object {
  const always = [400, 403, 429, 500, 503, ...(spec.role === 'public' ? [] : [401])]
  const versioned = spec.versioned === true ? [412, 428] : []
  const faulty = spec.body === undefined ? [] : [422]
  const failures = new Set([...always, ...versioned, ...faulty, ...(spec.fails ?? [])])
  return {
    tags: [spec.tag],
    summary: spec.summary,
    'x-role': spec.role,
    security: spec.role === 'public' ? [] : [{ token: [] }, { session: [] }],
    ...(spec.params === undefined ? {} : { params: spec.params }),
    ...(spec.query === undefined ? {} : { querystring: spec.query }),
    ...(spec.body === undefined ? {} : { body: spec.body }),
    ...(spec.versioned === true ? { headers: IF_MATCH } : {}),
    response: {
      [status]: spec.response ?? { type: 'null', description: 'Done; there is nothing to say.' },
      ...Object.fromEntries(
        [...failures].map((code) => [
          code,
          {
            description: 'A problem document (RFC 9457).',
            content: { 'application/problem+json': { schema: problemSchema } },
          },
        ]),
      ),
    },
  }
}

const IF_MATCH = {
  type: 'object',
  properties: {
    'if-match': {
      type: 'string',
      description: 'The ETag that this change was decided on, or `*`.',
    },
  },
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What it takes to make this call. */
    role?: Role | 'public'
  }
  interface FastifyRequest {
    /** Who calls; undefined in a public call. */
    principal: Principal | undefined
  }
}
