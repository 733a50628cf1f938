/**
 * The admin API: one listener, every call guarded before it is read, every failure a problem document.
 */
import { constants } from 'node:crypto'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import {
  fastify,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { DEFAULT_CIPHER_SUITES } from '../handshake/cipher-suites.ts'
import { isInside } from '../kernel/network.ts'
import { SignInAttempts } from './auth/sign-in-attempts.ts'
import { certificateKeyOf } from './auth/client-certificate.ts'
import { sendProblem } from './define-route.ts'
import { BODY_OCTETS, callProblem } from './call-problem.ts'
import { limitConnections } from './auth/connection-limit.ts'
import { authenticate } from './auth/authenticate.ts'
import { includes } from './auth/principal.ts'
import { accessProblem, adminProblem, type AdminProblem } from './problem.ts'
import { addAdministratorRoutes } from './routes/access/admins.ts'
import { addApprovalRoutes } from './routes/devices/approvals.ts'
import { addDecisionPreviewRoutes } from './routes/devices/decision-previews.ts'
import { addLinkRoutes } from './routes/devices/links.ts'
import { addDeviceRoutes } from './routes/devices/routes.ts'
import { addEnrollmentRoutes } from './routes/enrollment/routes.ts'
import { addInventoryRoutes } from './routes/devices/inventory.ts'
import { addUpstreamTestRoutes } from './routes/upstream-tls/test-and-scan.ts'
import { addUpstreamTlsRoutes } from './routes/upstream-tls/routes.ts'
import { addAuditRoute } from './routes/access/audit.ts'
import { addRefusalRoutes } from './routes/refusals/routes.ts'
import { addSavedQueryRoutes } from './routes/devices/saved-queries.ts'
import { addKeyRoutes } from './routes/access/keys.ts'
import { addSecretRoutes } from './routes/access/secrets.ts'
import { addUpstreamErrorRoutes } from './routes/upstream-tls/errors.ts'
import { addCallerRoutes } from './routes/fleet/callers.ts'
import { addHistoryRoute } from './routes/fleet/history.ts'
import { addResultRoutes } from './routes/fleet/results.ts'
import { addSilentRoutes } from './routes/devices/silent.ts'
import { addEnforcementRoutes } from './routes/fleet/enforcement.ts'
import { addOAuthRoutes } from './routes/fleet/oauth.ts'
import { addSessionRoutes } from './routes/access/session.ts'
import { addSettingRoutes } from './routes/fleet/settings.ts'
import { addStandingPreviewRoute } from './routes/enrollment/standing-preview.ts'
import { addExplainRoute } from './routes/explain/routes.ts'
import { addReloadRoute } from './routes/reload.ts'
import { addDifferenceRoute } from './routes/differences.ts'
import { addStatusRoutes } from './routes/status.ts'
import { addSyncPortRoutes } from './routes/fleet/sync-port.ts'
import { endConnectionsOnClose } from './end-on-close.ts'
import { sessionIdOf } from './auth/session-cookie.ts'
import { ANNOTATIONS, compileSchema } from './validation.ts'
import type { AdminDeps, AdminContext } from './context.ts'

/** Builds the admin API; the caller listens. */
export async function adminServer(deps: AdminDeps): Promise<FastifyInstance> {
  const app = create(deps)
  limitConnections(app.server, deps.networks)
  endConnectionsOnClose(app)
  app.decorateRequest('principal', undefined)
  // JSON is all that a body is read as.
  app.removeContentTypeParser('text/plain')
  app.setValidatorCompiler(({ schema, httpPart }) => compileSchema(schema as object, httpPart))
  // Answers are written as they are: a field that the schema forgot is a fault of a test, not to be cut off here.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  app.setErrorHandler<FastifyError>((error, request, reply) =>
    sendProblem(reply, callProblem(error, request, deps.log)),
  )
  app.setNotFoundHandler((_, reply) => sendProblem(reply, NOT_SERVED))
  app.addHook('onRoute', ({ config, url }) => {
    if (config?.role === undefined) throw new Error(`${url} does not say which role it needs`)
  })
  await app.register(helmet, { contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] } } })
  await app.register(rateLimit, {
    global: false,
    max: deps.callsPerMinute ?? CALLS_PER_MINUTE,
    timeWindow: '1 minute',
    errorResponseBuilder: (_, { ttl }) => ({
      statusCode: 429,
      ...accessProblem({ kind: 'too-many-attempts', seconds: Math.ceil(ttl / 1000) }),
    }),
  })
  await app.register(cookie)
  await app.register(swagger, {
    openapi: description(deps.version),
    transform: ({ schema, url }) => ({ schema: withoutAnnotations(schema), url }),
  })
  // Before the guard: as a hook of each route it would run behind it, and count no call that the guard turns away.
  app.addHook('onRequest', app.rateLimit())
  app.addHook('onRequest', async (request, reply) => {
    const refusal = await guard(request, deps)
    if (refusal !== undefined) await sendProblem(reply, refusal)
  })
  const context: AdminContext = { ...deps, signInAttempts: new SignInAttempts(deps.monotonicClock) }
  await app.register(async (api) => {
    await Promise.resolve()
    api.get('/api/openapi.json', { config: { role: 'public' }, schema: { hide: true } }, () =>
      app.swagger(),
    )
    addSessionRoutes(api, context)
    addAdministratorRoutes(api, context)
    addDeviceRoutes(api, context)
    addApprovalRoutes(api, context)
    addDecisionPreviewRoutes(api, context)
    addLinkRoutes(api, context)
    addAuditRoute(api, context)
    addRefusalRoutes(api, context)
    addSavedQueryRoutes(api, context)
    addEnforcementRoutes(api, context)
    addCallerRoutes(api, context)
    addResultRoutes(api, context)
    addHistoryRoute(api, context)
    addSilentRoutes(api, context)
    addOAuthRoutes(api, context)
    addEnrollmentRoutes(api, context)
    addSyncPortRoutes(api, context)
    addSettingRoutes(api, context)
    addInventoryRoutes(api, context)
    addSecretRoutes(api, context)
    addKeyRoutes(api, context)
    addUpstreamTlsRoutes(api, context)
    addUpstreamErrorRoutes(api, context)
    addUpstreamTestRoutes(api, context)
    addStandingPreviewRoute(api, context)
    addStatusRoutes(api, context)
    addDifferenceRoute(api, context)
    addReloadRoute(api, context)
    addExplainRoute(api, context)
  })
  return app
}

/** Everything of TLS that a renewed certificate is set with; what is left out of it would fall back to Node's defaults. */
export const adminTls = ({ key, cert }: AdminCertificate) =>
  ({
    key,
    cert,
    minVersion: 'TLSv1.2',
    ciphers: DEFAULT_CIPHER_SUITES.join(':'),
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  }) as const

/** Key and chain, PEM. */
export type AdminCertificate = Pick<NonNullable<AdminDeps['tls']>, 'cert' | 'key'>

function create({ tls, log }: AdminDeps): FastifyInstance {
  const options = {
    logger: false,
    bodyLimit: BODY_OCTETS,
    requestTimeout: REQUEST_MS,
    connectionTimeout: REQUEST_MS,
    keepAliveTimeout: REQUEST_MS,
    routerOptions: { maxParamLength: 300 },
    exposeHeadRoutes: false,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      void sendProblem(reply, callProblem(error, request, log))
    },
    // A client behind a proxy of its own is that proxy, as far as the allow list is concerned.
    trustProxy: false,
  }
  if (tls === undefined) return fastify(options)
  // Judged by its key (`authenticate.ts`); TLS proves that the caller holds it.
  const https = {
    ...adminTls(tls),
    requestCert: tls.clientCertificates,
    rejectUnauthorized: false,
    // Node waits two minutes for a handshake.
    handshakeTimeout: HANDSHAKE_MS,
  } as const
  return fastify({ ...options, https })
}

/** Lets a call in, or says why not; nothing of its body has been read by then. */
async function guard(request: FastifyRequest, deps: AdminDeps): Promise<AdminProblem | undefined> {
  if (!isInside(request.ip, deps.networks)) return accessProblem({ kind: 'address-not-allowed' })
  const needed = request.routeOptions.config.role
  // What is not served is answered as such, to any caller; and signing in needs no credential.
  if (needed === undefined || needed === 'public') return undefined
  const { store, clock } = deps
  const authenticated = await authenticate(
    {
      authorization: request.headers.authorization,
      session: sessionIdOf(request),
      certificateKey: certificateKeyOf(request.raw.socket, clock.now()),
      changes: request.method !== 'GET',
      requestedBy: textOf(request.headers['x-requested-by']),
    },
    { credentials: store.credentials, admins: store.admins, clock },
  )
  if (!authenticated.ok) return authenticated.failure
  request.principal = authenticated.value
  const { role: has } = authenticated.value
  return includes(has, needed) ? undefined : accessProblem({ kind: 'role-too-weak', has, needed })
}

const textOf = (field: string | string[] | undefined): string | undefined =>
  typeof field === 'string' ? field : undefined

/** A schema as JSON Schema knows it. */
const withoutAnnotations = <Schema>(schema: Schema): Schema =>
  JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    // A property may have that name; an annotation is text or true.
    HIDDEN.has(key) && typeof value !== 'object' ? undefined : value,
  ) as Schema
const HIDDEN: ReadonlySet<string> = new Set(ANNOTATIONS)

const NOT_SERVED = adminProblem({
  status: 404,
  code: 'not-served',
  detail: 'no call has this path and method',
  nextStep: 'see `/api/openapi.json` for those there are',
})

const description = (version: string) =>
  ({
    openapi: '3.1.0',
    info: {
      title: 'Trusted Front End: admin API',
      description:
        'Every change says which version it was decided on (`If-Match`) and is written down in the audit trail. Failures are problem documents (RFC 9457) with a stable code and the next step.',
      version,
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-tfe' },
      },
    },
  }) as const

/** An administrator's machine is near; longer than this is a connection that is held open on purpose. */
const REQUEST_MS = 30_000
/** As for devices, which come from farther away. */
const HANDSHAKE_MS = 10_000
/** A portal that refreshes, and a script beside it. */
const CALLS_PER_MINUTE = 600
