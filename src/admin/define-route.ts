/**
 * What a call of the admin API is: declared once, and from that checked, guarded, documented and carried out. A call
 * cannot be declared without the role that it needs.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import type { Result } from '../kernel/types.ts'
import type { By } from '../store/transactions.ts'
import type { StoreFailure } from '../store/failure.ts'
import type { Expected } from '../store/version.ts'
import type { Principal, Role } from './auth/principal.ts'
import { adminProblem, storeProblem, type AdminProblem } from './problem.ts'
import { problem as problemSchema } from './schemas.ts'

/** What is declared of a call. */
export interface CallShape<
  Params extends TObject = TObject,
  Query extends TObject = TObject,
  Body extends TSchema = TSchema,
  Answer extends TSchema = TSchema,
> {
  readonly method: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT'
  /** As fastify writes it: `/api/devices/:id`. */
  readonly path: string
  /** `anybody`: also without a credential. */
  readonly role: Role | 'anybody'
  readonly tag: string
  readonly summary: string
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  /** Nothing for a call that answers 204. */
  readonly answer?: Answer
  readonly created?: true
  /** Whether it has to say which version it was decided on (`If-Match`). */
  readonly versioned?: true
  /** Further statuses with a problem document, beside those that every call can end with. */
  readonly fails?: readonly number[]
}

/** What a call brings. */
export interface Ask<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly principal: Principal
  /** The same as the store writes it down. */
  readonly by: By
  /** The version in `If-Match`; `any` where none is asked for. */
  readonly expected: Expected
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** What a call answers. */
export interface Answered<Body> {
  readonly body: Body
  /** Becomes the `ETag`. */
  readonly version?: number
  readonly location?: string
}

type Handler<Params, Query, Body, Answer> = (
  ask: Ask<Params, Query, Body>,
) => Promise<Result<Answered<Answer>, CallFailure>>

/** The store's no, or one of ours. */
export type CallFailure =
  StoreFailure | { readonly kind: 'problem'; readonly problem: AdminProblem }

/** Adds a call to the API. */
export function define<
  Params extends TObject,
  Query extends TObject,
  Body extends TSchema,
  Answer extends TSchema,
>(
  app: FastifyInstance,
  shape: CallShape<Params, Query, Body, Answer>,
  handle: Handler<Static<Params>, Static<Query>, Static<Body>, Static<Answer>>,
): void {
  const status = shape.answer === undefined ? 204 : shape.created === true ? 201 : 200
  app.route({
    method: shape.method,
    url: shape.path,
    config: { role: shape.role },
    schema: schemaOf(shape, status),
    handler: async (request, reply) => {
      const expected = shape.versioned === true ? expectedOf(request.headers['if-match']) : 'any'
      if (typeof expected === 'object') return await sendProblem(reply, expected)
      const principal = request.principal
      const answer = await handle({
        params: request.params as Static<Params>,
        query: request.query as Static<Query>,
        body: request.body as Static<Body>,
        principal: principal ?? NOBODY,
        by: { who: (principal ?? NOBODY).name, from: request.ip },
        expected,
        request,
        reply,
      })
      if (!answer.ok) {
        const { failure } = answer
        return await sendProblem(
          reply,
          failure.kind === 'problem' ? failure.problem : storeProblem(failure),
        )
      }
      const { version, location, body } = answer.value
      if (version !== undefined) reply.header('etag', `"${version}"`)
      if (location !== undefined) reply.header('location', location)
      return await reply.status(status).send(shape.answer === undefined ? undefined : body)
    },
  })
}

/** Who acts where nobody has to be anybody. */
const NOBODY: Principal = { name: 'nobody', role: 'viewer', by: 'session' }

/** Sends a problem document. */
export function sendProblem(reply: FastifyReply, it: AdminProblem): FastifyReply {
  if (it.status === 401) reply.header('www-authenticate', 'Bearer realm="tfe"')
  return reply.status(it.status).header('content-type', 'application/problem+json').send(it)
}

/** The version in an `If-Match` field, or what is wrong with it. */
export function expectedOf(field: string | undefined): Expected | AdminProblem {
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

function schemaOf(shape: CallShape, status: number): object {
  const always = [400, 403, 429, 500, 503, ...(shape.role === 'anybody' ? [] : [401])]
  const versioned = shape.versioned === true ? [412, 428] : []
  const failures = [...new Set([...always, ...versioned, ...(shape.fails ?? [])])]
  return {
    tags: [shape.tag],
    summary: shape.summary,
    'x-role': shape.role,
    security: shape.role === 'anybody' ? [] : [{ token: [] }, { session: [] }],
    ...(shape.params === undefined ? {} : { params: shape.params }),
    ...(shape.query === undefined ? {} : { querystring: shape.query }),
    ...(shape.body === undefined ? {} : { body: shape.body }),
    ...(shape.versioned === true ? { headers: IF_MATCH } : {}),
    response: {
      [status]: shape.answer ?? { type: 'null', description: 'Done; there is nothing to say.' },
      ...Object.fromEntries(
        failures.map((code) => [
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
    role?: Role | 'anybody'
  }
  interface FastifyRequest {
    /** Whoever calls; nobody where anybody may. */
    principal: Principal | undefined
  }
}
