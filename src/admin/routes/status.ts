/**
 * How the front end and its store are, and the store's content to take away.
 */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { ENFORCEMENT_SOURCES } from '../../fleet/enforcement-in-force.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import { fail, isoText, ok } from '../../kernel/types.ts'
import type { Actor } from '../../store/transactions.ts'
import { explainStore } from '../../store/explain.ts'
import { ENFORCEMENTS } from '../../store/schema/vocabulary.ts'
import { defineRoute } from '../define-route.ts'
import { adminProblem } from '../problem.ts'
import { nullable, strictObject, stringEnum, time } from '../schemas.ts'
import type { AdminContext } from '../context.ts'

/** Adds the calls. */
export function addStatusRoutes(app: FastifyInstance, context: AdminContext): void {
  addStatusRoute(app, context)
  addExportRoutes(app, context)
}

function addStatusRoute(
  app: FastifyInstance,
  { store, clock, version, frontEnd }: AdminContext,
): void {
  defineRoute(app, {
    route: 'GET /api/status',
    role: 'viewer',
    tag: 'status',
    summary:
      'Version, store, snapshot, and what the configuration file has locked. Answers without a store, too.',
    response: strictObject({
      version: Type.String(),
      now: time('The clock of this instance.'),
      store: strictObject({
        id: Type.String(),
        where: Type.String(),
        revision: nullable(Type.Integer({ description: 'Null while it does not answer.' })),
        trouble: nullable(
          strictObject({ code: Type.String(), text: Type.String(), next_step: Type.String() }),
        ),
      }),
      snapshot: strictObject({
        revision: nullable(
          Type.Integer({ description: 'The revision of the store that is judged by.' }),
        ),
        built: time('When it was built.'),
        behind: nullable(Type.Integer({ description: 'Changes of the store that it lacks.' })),
      }),
      enforcement: strictObject({
        state: stringEnum(ENFORCEMENTS, 'What requests are judged by.'),
        said_by: stringEnum(ENFORCEMENT_SOURCES),
        latched: Type.Boolean({ description: 'Whether certificates are required for good.' }),
      }),
      differences: Type.Integer({
        description: 'In how many things the configuration file says another thing than the store.',
      }),
      held: Type.Integer({
        description: 'Those of which the file says the stricter thing, which holds unstored.',
      }),
      locked: Type.Array(Type.String(), {
        description: 'Keys that the configuration file states.',
      }),
      ending: Type.Boolean({
        description:
          'Whether the front end has announced that it is about to end: it is not ready any more, and still serves.',
      }),
      refused_content: Type.Array(Type.String(), {
        description:
          'Why files that the configuration names, or secrets of the store, were refused when they were last read again; those before are in force.',
      }),
    }),
    handle: async () => {
      const found = await store.feed.revision()
      const revision = found.ok ? found.value : undefined
      const trouble = found.ok ? undefined : explainStore(found.failure)
      const snapshot = frontEnd.snapshot()
      const { state, saidBy } = frontEnd.enforcement()
      const differences = frontEnd.differences()
      const behind =
        revision === undefined || snapshot.revision === undefined
          ? null
          : Math.max(0, revision - snapshot.revision)
      return ok({
        body: {
          version,
          now: isoText(clock.now()),
          store: {
            id: store.id,
            where: store.where,
            revision: revision ?? null,
            trouble:
              trouble === undefined
                ? null
                : { code: trouble.code, text: trouble.sentence, next_step: trouble.nextStep },
          },
          snapshot: {
            revision: snapshot.revision ?? null,
            built: isoText(snapshot.builtAt),
            behind,
          },
          enforcement: { state, said_by: saidBy, latched: saidBy === 'latch' },
          differences: differences.length,
          held: differences.filter(({ holds }) => holds).length,
          locked: [...frontEnd.locked()],
          ending: frontEnd.isEndAnnounced(),
          refused_content: [...frontEnd.refusedContent()],
        },
      })
    },
  })
}

const octets = (description: string) => Type.Unsafe<unknown>({ type: 'string', description })

function addExportRoutes(app: FastifyInstance, context: AdminContext): void {
  const { log } = context
  defineRoute(app, {
    route: 'GET /api/export',
    role: 'administrator',
    tag: 'status',
    summary: 'The whole store as lines of JSON, for an import elsewhere. Secrets stay sealed.',
    response: octets('Lines of JSON; the last one says that nothing is missing.'),
    handle: async ({ actor, reply }) => {
      await Promise.resolve()
      log.warn({ who: actor.who, from: actor.from }, 'the store is exported')
      asFile(reply, { type: 'application/jsonl', name: 'tfe-store.jsonl' })
      return ok({ body: exportStream(context, actor) })
    },
  })
  addBackupRoute(app, context)
}

function addBackupRoute(app: FastifyInstance, { store, log }: AdminContext): void {
  // One at a time: each takes as much room on a volume as the store does.
  let isUnderWay = false
  defineRoute(app, {
    route: 'GET /api/backup',
    role: 'administrator',
    tag: 'status',
    summary: 'A copy of the store file as of now; only where the store is a file.',
    response: octets('An SQLite database.'),
    fails: [409, 507],
    handle: async ({ actor, reply }) => {
      if (isUnderWay) return fail({ kind: 'problem', problem: BACKUP_UNDER_WAY })
      isUnderWay = true
      const by = { who: actor.who, from: actor.from }
      const copy = await store.transfer.copyToSend(actor).catch((error: unknown) => {
        isUnderWay = false
        throw error
      })
      if (!copy.ok) {
        isUnderWay = false
        const facts = { ...by, ...explanationFields(explainStore(copy.failure)) }
        log.warn(facts, 'a backup was asked for, and none was made')
        return copy
      }
      const { file, octets: size } = copy.value
      if (reply.raw.destroyed) {
        // It hung up while the copy was made, and what is sent goes nowhere.
        isUnderWay = false
        await file.close()
        log.warn({ ...by, octets: 0 }, 'a backup broke off as it was sent')
        return fail({ kind: 'problem', problem: BACKUP_UNDER_WAY })
      }
      log.warn({ ...by, octets: size }, 'a backup of the store is sent')
      asFile(reply, { type: 'application/vnd.sqlite3', name: 'tfe-store.db' })
      reply.header('content-length', size)
      const stream = file.createReadStream()
      // A client that takes nothing would keep others from a backup.
      reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy())
      reply.raw.once('close', () => {
        isUnderWay = false
        stream.destroy()
        if (!reply.raw.writableFinished)
          log.warn({ ...by, octets: stream.bytesRead }, 'a backup broke off as it was sent')
      })
      return ok({ body: stream })
    },
  })
}

const STALLED_MS = 60_000

const BACKUP_UNDER_WAY = adminProblem({
  status: 409,
  code: 'backup-under-way',
  detail: 'a backup is being made or sent already, and there is one at a time',
  nextStep: 'wait until it is done, and call again',
})

const asFile = (
  reply: FastifyReply,
  { type, name }: { readonly type: string; readonly name: string },
): FastifyReply =>
  reply.header('content-type', type).header('content-disposition', `attachment; filename="${name}"`)

/** The export as it grows. A client that hangs up ends it, so that no reader of the store is left behind. */
function exportStream({ store, log }: AdminContext, actor: Actor): PassThrough {
  const stream = new PassThrough()
  const gone = new AbortController()
  stream.once('close', () => gone.abort())
  store.transfer
    .export(actor, async (line) => {
      gone.signal.throwIfAborted()
      if (!stream.write(`${line}\n`)) await once(stream, 'drain', { signal: gone.signal })
    })
    .then((done) => {
      if (done.ok) stream.end()
      // Without its last line an export is refused wherever it is taken to.
      else stream.destroy(new Error(explainStore(done.failure).sentence))
    })
    .catch((error: unknown) => {
      if (!gone.signal.aborted) log.error({ err: error }, 'internal error in an export')
      stream.destroy()
    })
  return stream
}
