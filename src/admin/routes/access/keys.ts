/**
 * The keys that seal secrets (S2-20 to S2-23): where each instance stands, and which key is used. A key never comes out
 * here: it is made, taken out and brought in on the machine itself, by `tfe keys`.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { countText } from '../../../kernel/count-text.ts'
import { fail, isoText, ok, type Instant } from '../../../kernel/types.ts'
import { explainStore } from '../../../store/explain.ts'
import { reportedSince, type InstanceSeen } from '../../../store/secrets/instances.ts'
import type { KeyStatus } from '../../../store/secrets/key-standing.ts'
import { defineRoute } from '../../define-route.ts'
import { nullable, strictObject, time } from '../../schemas.ts'
import type { AdminContext } from '../../context.ts'

const instance = strictObject({
  id: Type.String(),
  name: Type.String(),
  seen: time('When it last reported.'),
  running: Type.Boolean({
    description:
      'Whether it reported within the last quarter of an hour; false: it has ended, or cannot reach the store.',
  }),
})

const keys = strictObject({
  current: Type.Integer({ description: 'The key that new secrets are sealed with; 0 for none.' }),
  held: Type.Array(Type.Integer(), { description: 'The keys that this instance holds.' }),
  fault: nullable(Type.String({ description: 'Why this instance cannot use the current key.' })),
  left: Type.Integer({ description: 'Secrets that are still sealed with another key.' }),
  lacking: Type.Array(instance, { description: 'Instances that lack the current key.' }),
  next: nullable(
    strictObject({
      version: Type.Integer({
        description: 'The newest key of this instance, which is not in use.',
      }),
      lacking: Type.Array(instance, {
        description:
          'Other instances that lack it: they could open nothing that is sealed after a rotation.',
      }),
    }),
  ),
  warnings: Type.Array(Type.String()),
})

/** Adds the calls. */
export function addKeyRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store, clock } = context
  defineRoute(app, {
    route: 'GET /api/keys',
    role: 'viewer',
    tag: 'secrets',
    summary:
      'Where the instances stand with the keys that seal secrets, and who lacks the next one.',
    response: keys,
    handle: async () => {
      const standing = await store.secrets.keyStatus(reportedSince(clock.now()))
      if (!standing.ok) return standing
      const latch = await store.enforcement.current()
      if (!latch.ok) return latch
      const { state, since } = latch.value
      const requiredSince = state === 'required' ? since : undefined
      return ok({ body: shownKeys(standing.value, requiredSince), version: standing.value.current })
    },
  })
  defineRoute(app, {
    route: 'POST /api/keys/rotate',
    role: 'administrator',
    tag: 'secrets',
    summary:
      'Seal with the newest key of this instance from now on. What is sealed stays so. Refused while running instances lack the key.',
    body: strictObject({
      force: Type.Optional(
        Type.Boolean({ description: 'Also where running instances lack the key.', default: false }),
      ),
    }),
    response: strictObject({ current: Type.Integer() }),
    versioned: true,
    fails: [409],
    handle: async ({ actor, body, expected }) => {
      // A key that was brought a moment ago counts; a ring that cannot be read leaves the keys as they are.
      await store.secrets.refreshKeys()
      const standing = await store.secrets.keyStatus(clock.now())
      if (!standing.ok) return standing
      const { current: found } = standing.value
      if (expected !== 'any' && expected !== found) {
        return fail({ kind: 'stale', what: 'secret', key: 'key ring', expected, found })
      }
      const rotated = await store.secrets.rotate(actor, { force: body.force === true })
      if (!rotated.ok) return rotated
      return ok({ body: { current: rotated.value }, version: rotated.value })
    },
  })
  defineRoute(app, {
    route: 'POST /api/keys/reseal',
    role: 'administrator',
    tag: 'secrets',
    summary: 'Seal some secrets anew under the current key; call it until none is left.',
    body: strictObject({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    }),
    response: strictObject({ resealed: Type.Integer(), left: Type.Integer() }),
    fails: [409],
    handle: async ({ actor, body }) => {
      const done = await store.secrets.reseal(actor, body.limit ?? 100)
      return done.ok ? ok({ body: done.value }) : done
    },
  })
}

const shownInstance = ({ id, name, seenAt, running }: InstanceSeen): Static<typeof instance> => ({
  id,
  name,
  seen: isoText(seenAt),
  running,
})

function shownKeys(it: KeyStatus, requiredSince: Instant | undefined): Static<typeof keys> {
  const fault = it.fault === undefined ? undefined : explainStore(it.fault)
  return {
    current: it.current,
    held: [...it.held],
    fault: fault?.sentence ?? null,
    left: it.left,
    lacking: it.lacking.map(shownInstance),
    next:
      it.next === undefined
        ? null
        : { version: it.next.version, lacking: it.next.lacking.map(shownInstance) },
    warnings: [
      ...(fault === undefined ? [] : [`${fault.sentence}: ${fault.nextStep}`]),
      ...it.lacking.map((one) => lackingText(one, it.current)),
      ...(it.left > 0
        ? [
            `${countText(it.left, 'secret')} ${it.left === 1 ? 'is sealed with an older key: seal it' : 'are sealed with an older key: seal them'} anew`,
          ]
        : []),
      ...nextWarnings(it),
      ...ageWarnings(it, requiredSince),
    ],
  }
}

const lackingText = ({ name, seenAt, running }: InstanceSeen, key: number): string =>
  running
    ? `${name} runs and lacks key ${key}: give it the key before it is asked for`
    : `${name} lacks key ${key} and has been silent since ${isoText(seenAt)}: give it the key before it starts again`

function nextWarnings({ current, next }: KeyStatus): readonly string[] {
  if (next === undefined || current === 0) return []
  const { version, lacking } = next
  return [
    ...lacking.map((one) => lackingText(one, version)),
    lacking.length === 0
      ? `this instance holds key ${version}, which is not in use, and every other has it: rotate`
      : `this instance holds key ${version}, which is not in use: rotate once all hold it`,
  ]
}

/** S2-20: requiring certificates brings a new key. One that could not be made then is still missing. */
const ageWarnings = (
  { current, currentSince }: KeyStatus,
  requiredSince: Instant | undefined,
): readonly string[] =>
  currentSince === undefined || requiredSince === undefined || currentSince >= requiredSince
    ? []
    : [
        `key ${current} is older than the requirement of certificates, which was to bring a new one: make it (\`tfe keys new\`), and rotate`,
      ]
