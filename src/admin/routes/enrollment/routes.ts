/**
 * Enrollment settings: a CA chain from its upload to its end (decision 8).
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { fail, ok, type Instant } from '../../../kernel/types.ts'
import { readSubjectTemplate, SUBJECT_ATTRIBUTES } from '../../../fleet/subject-template.ts'
import type { StoredSetting } from '../../../store/settings/enrollment-setting.ts'
import { CUT_OFFS, SOURCES } from '../../../store/schema/vocabulary.ts'
import { readUpload } from './ca-upload.ts'
import { define } from '../../define-route.ts'
import { adminProblem } from '../../problem.ts'
import { nameText, orNull, record, text, time, word } from '../../schemas.ts'
import { knownAnchors, settingShape, shownSetting } from './shapes.ts'
import type { Office } from '../../context.ts'

const named = record({ name: text(200) })

/** Adds the calls. */
export function enrollmentCalls(app: FastifyInstance, office: Office): void {
  looking(app, office)
  staging(app, office)
  promoting(app, office)
  ending(app, office)
}

function looking(app: FastifyInstance, office: Office): void {
  const { store } = office
  define(
    app,
    {
      method: 'GET',
      path: '/api/enrollment-settings',
      role: 'viewer',
      tag: 'enrollment',
      summary: 'All enrollment settings, removed and distrusted ones included, oldest first.',
      answer: record({ items: Type.Array(settingShape) }),
    },
    async () => {
      const all = await store.enrollment.list()
      return all.ok ? ok({ body: { items: all.value.map(shownSetting) } }) : all
    },
  )
  define(
    app,
    {
      method: 'GET',
      path: '/api/enrollment-settings/:name',
      role: 'viewer',
      tag: 'enrollment',
      summary: 'One enrollment setting, and how many devices depend on it.',
      params: named,
      answer: record({ setting: settingShape, dependents: Type.Integer() }),
      fails: [404],
    },
    async ({ params }) => {
      const found = await store.enrollment.find(params.name)
      if (!found.ok) return found
      if (found.value === undefined) return fail(noSetting(params.name))
      const dependents = await store.enrollment.dependents(params.name, aliveSince(office))
      if (!dependents.ok) return dependents
      return ok({
        body: { setting: shownSetting(found.value), dependents: dependents.value },
        version: found.value.version,
      })
    },
  )
  define(
    app,
    {
      method: 'POST',
      path: '/api/subject-template',
      role: 'viewer',
      tag: 'enrollment',
      summary: 'What the server makes of the subject of a certificate template.',
      body: record({ subject: text(1000) }),
      answer: record({
        known: Type.Array(Type.String()),
        replaced: Type.Array(Type.String(), {
          description: `Attributes other than ${SUBJECT_ATTRIBUTES.join(' ')}, each once.`,
        }),
        effective: Type.String({ description: 'The subject as the server will use it.' }),
      }),
      fails: [422],
    },
    async ({ body }) => {
      const { known, replaced, effective } = await Promise.resolve(
        readSubjectTemplate(body.subject),
      )
      return ok({ body: { known: [...known], replaced: [...replaced], effective } })
    },
  )
}

function staging(app: FastifyInstance, office: Office): void {
  const { store, clock } = office
  define(
    app,
    {
      method: 'POST',
      path: '/api/enrollment-settings',
      role: 'administrator',
      tag: 'enrollment',
      summary: 'Upload CA Chain: staged, it admits nobody until it is made current.',
      body: record({
        name: nameText(200),
        source: word(SOURCES),
        chain: Type.String({
          minLength: 1,
          maxLength: 500_000,
          description:
            'The text of a PEM file (certificates or PKCS#7), or a DER or PKCS#7 file in base64.',
        }),
      }),
      answer: record({
        setting: settingShape,
        findings: Type.Array(Type.String(), {
          description: 'Harmless departures from the profiles.',
        }),
        warnings: Type.Array(Type.String()),
      }),
      created: true,
      fails: [409, 422],
    },
    async ({ by, body }) => {
      const all = await store.enrollment.list()
      if (!all.ok) return all
      const uploaded = readUpload(body.chain, {
        trust: office.serving.trust(),
        now: clock.now(),
        known: knownAnchors(all.value),
      })
      if (!uploaded.ok) {
        const problem = adminProblem({
          status: 422,
          code: 'chain-faulty',
          detail: `${uploaded.failure.length} things are wrong with the CA chain`,
          nextStep: 'correct each of the faults, and upload it again; nothing was stored',
          faults: uploaded.failure,
        })
        return fail({ kind: 'problem', problem })
      }
      const { certificates, findings, warnings } = uploaded.value
      const staged = await store.enrollment.stage(by, {
        name: body.name,
        source: body.source,
        chain: certificates.map(({ der }) => der),
      })
      if (!staged.ok) return staged
      return ok({
        body: {
          setting: shownSetting(staged.value),
          findings: [...findings],
          warnings: [...warnings],
        },
        version: staged.value.version,
        location: `/api/enrollment-settings/${encodeURIComponent(body.name)}`,
      })
    },
  )
}

const retirement = {
  cut_off: word(
    CUT_OFFS,
    '`not-before` refuses what the retired CA issues later; `known-devices` also what a thief back-dates.',
  ),
  sunset: orNull(time('From then on it admits nobody; null for never.')),
}

function promoting(app: FastifyInstance, { store }: Office): void {
  define(
    app,
    {
      method: 'POST',
      path: '/api/enrollment-settings/:name/promote',
      role: 'administrator',
      tag: 'enrollment',
      summary:
        'Make a setting current; the current one becomes previously trusted in the same step.',
      params: named,
      body: record(retirement),
      answer: record({ current: settingShape, retired: orNull(settingShape) }),
      versioned: true,
      fails: [404, 409, 422],
    },
    async ({ by, params, body, expected }) => {
      const retiring = { cutOff: body.cut_off, sunset: instantOf(body.sunset) }
      const promoted = await store.enrollment.promote(by, params.name, { expected, retiring })
      if (!promoted.ok) return promoted
      const { current, retired } = promoted.value
      return ok({
        body: {
          current: shownSetting(current),
          retired: retired === undefined ? null : shownSetting(retired),
        },
        version: current.version,
      })
    },
  )
  define(
    app,
    {
      method: 'PATCH',
      path: '/api/enrollment-settings/:name',
      role: 'administrator',
      tag: 'enrollment',
      summary: 'Change cut-off or sunset of a previously trusted setting.',
      params: named,
      body: record({
        cut_off: Type.Optional(retirement.cut_off),
        sunset: Type.Optional(retirement.sunset),
      }),
      answer: settingShape,
      versioned: true,
      fails: [404, 409, 422],
    },
    async ({ by, params, body, expected }) => {
      const change = {
        ...(body.cut_off === undefined ? {} : { cutOff: body.cut_off }),
        ...(body.sunset === undefined ? {} : { sunset: instantOf(body.sunset) }),
      }
      const amended = await store.enrollment.amend(by, params.name, {
        expected,
        retirement: change,
      })
      return amended.ok ? ok(answerOf(amended.value)) : amended
    },
  )
}

function ending(app: FastifyInstance, office: Office): void {
  const { store } = office
  define(
    app,
    {
      method: 'POST',
      path: '/api/enrollment-settings/:name/remove',
      role: 'administrator',
      tag: 'enrollment',
      summary:
        'Remove a setting that is not current; refused while devices depend on it or it is distrusted, unless forced.',
      params: named,
      body: record({ force: Type.Boolean({ default: false }) }),
      answer: settingShape,
      versioned: true,
      fails: [404, 409, 422],
    },
    async ({ by, params, body, expected }) => {
      const removed = await store.enrollment.remove(by, params.name, {
        expected,
        force: body.force,
        aliveSince: aliveSince(office),
      })
      return removed.ok ? ok(answerOf(removed.value)) : removed
    },
  )
  define(
    app,
    {
      method: 'POST',
      path: '/api/enrollment-settings/:name/distrust',
      role: 'administrator',
      tag: 'enrollment',
      summary: 'Distrust now: for a stolen CA key. Ends live connections of its devices.',
      params: named,
      answer: settingShape,
      versioned: true,
      fails: [404, 409],
    },
    async ({ by, params, expected }) => {
      const distrusted = await store.enrollment.distrust(by, params.name, expected)
      return distrusted.ok ? ok(answerOf(distrusted.value)) : distrusted
    },
  )
}

const answerOf = (setting: StoredSetting) => ({
  body: shownSetting(setting),
  version: setting.version,
})

/** Whose certificate has ended for good depends on no CA any more; in grace a device still renews under it. */
const aliveSince = ({ clock, serving }: Office): Instant =>
  Math.max(0, clock.now() - serving.policy().grace) as Instant

const noSetting = (name: string) =>
  ({ kind: 'not-found', what: 'enrollment setting', key: name }) as const

const instantOf = (at: string | null): Instant | undefined =>
  at === null ? undefined : (Date.parse(at) as Instant)
