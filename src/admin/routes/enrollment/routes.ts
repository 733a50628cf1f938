/**
 * Enrollment settings: a CA chain from its upload to its end (decision 8).
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { fail, ok, type Instant } from '../../../kernel/types.ts'
import { readSubjectTemplate, SUBJECT_ATTRIBUTES } from '../../../fleet/subject-template.ts'
import { CUT_OFFS, SOURCES } from '../../../store/schema/vocabulary.ts'
import type { StoredSetting } from '../../../store/settings/enrollment-setting.ts'
import { parseCaUpload } from './ca-upload.ts'
import { defineRoute } from '../../define-route.ts'
import { versionedOutput } from '../../route-output.ts'
import { refuse, wrongText } from '../../refused.ts'
import {
  pathSegmentText,
  nullable,
  strictObject,
  text,
  time,
  stringEnum,
  nameParams,
} from '../../schemas.ts'
import { missingListWarning } from '../../../state/missing-lists.ts'
import { addRevocationRoutes } from './revocation.ts'
import { instantOf } from '../../times.ts'
import { amendmentHeld, heldByFile } from './held-by-file.ts'
import { knownAnchors, settingShape, shownSetting } from './shapes.ts'
import type { AdminContext } from '../../context.ts'

/** Adds the calls. */
export function addEnrollmentRoutes(app: FastifyInstance, context: AdminContext): void {
  addReadRoutes(app, context)
  addStageRoute(app, context)
  addPromoteRoutes(app, context)
  addEndRoutes(app, context)
  addRevocationRoutes(app, context)
}

function addReadRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store } = context
  defineRoute(app, {
    route: 'GET /api/enrollment-settings',
    role: 'viewer',
    tag: 'enrollment',
    summary: 'All enrollment settings, removed and distrusted ones included, oldest first.',
    response: strictObject({
      items: Type.Array(settingShape),
      warnings: Type.Array(Type.String(), {
        description:
          'Settings in force without a revocation list that their certificates point to.',
      }),
    }),
    handle: async () => {
      const settings = await store.enrollment.list()
      if (!settings.ok) return settings
      const warnings = context.frontEnd.missingLists().map((it) => missingListWarning(it).message)
      return ok({ body: { items: settings.value.map(shownIn(context)), warnings } })
    },
  })
  defineRoute(app, {
    route: 'GET /api/enrollment-settings/:name',
    role: 'viewer',
    tag: 'enrollment',
    summary: 'One enrollment setting, and how many devices depend on it.',
    params: nameParams,
    response: strictObject({ setting: settingShape, dependents: Type.Integer() }),
    fails: [404],
    handle: async ({ params }) => {
      const found = await store.enrollment.find(params.name)
      if (!found.ok) return found
      if (found.value === undefined) return fail(noSetting(params.name))
      const dependents = await store.enrollment.dependents(params.name, aliveSince(context))
      if (!dependents.ok) return dependents
      return ok({
        body: { setting: shownIn(context)(found.value), dependents: dependents.value },
        version: found.value.version,
      })
    },
  })
  defineRoute(app, {
    route: 'POST /api/subject-template',
    role: 'viewer',
    tag: 'enrollment',
    summary: 'What the server makes of the subject of a certificate template.',
    body: strictObject({ subject: text(1000) }),
    response: strictObject({
      known: Type.Array(Type.String()),
      replaced: Type.Array(Type.String(), {
        description: `Attributes other than ${SUBJECT_ATTRIBUTES.join(' ')}, each once.`,
      }),
      effective: Type.String({ description: 'The subject as the server will use it.' }),
    }),
    handle: async ({ body }) => {
      const { known, replaced, effective } = await Promise.resolve(
        readSubjectTemplate(body.subject),
      )
      return ok({ body: { known: [...known], replaced: [...replaced], effective } })
    },
  })
}

function addStageRoute(app: FastifyInstance, context: AdminContext): void {
  const { store, clock } = context
  defineRoute(app, {
    route: 'POST /api/enrollment-settings',
    role: 'administrator',
    tag: 'enrollment',
    summary: 'Upload CA Chain: staged, it admits no device until it is made current.',
    body: strictObject({
      name: pathSegmentText(200),
      source: stringEnum(SOURCES),
      chain: Type.String({
        minLength: 1,
        maxLength: 500_000,
        description:
          'The text of a PEM file (certificates or PKCS#7), or a DER or PKCS#7 file in base64.',
      }),
    }),
    response: strictObject({
      setting: settingShape,
      findings: Type.Array(Type.String(), {
        description: 'Harmless departures from the profiles.',
      }),
      warnings: Type.Array(Type.String()),
    }),
    created: true,
    fails: [409],
    handle: async ({ actor, body }) => {
      const all = await store.enrollment.list()
      if (!all.ok) return all
      const uploaded = parseCaUpload(body.chain, {
        trust: context.frontEnd.trust(),
        now: clock.now(),
        known: knownAnchors(all.value),
      })
      if (!uploaded.ok) {
        return refuse({
          status: 422,
          code: 'chain-faulty',
          detail: wrongText(uploaded.failure, 'the CA chain'),
          nextStep: 'correct each of the faults, and upload it again; nothing was stored',
          faults: uploaded.failure,
        })
      }
      const { certificates, findings, warnings } = uploaded.value
      const held = heldByFile(body.name, { kind: 'staged' }, context)
      if (held !== undefined) return held
      const staged = await store.enrollment.stage(actor, {
        name: body.name,
        source: body.source,
        chain: certificates.map(({ der }) => der),
      })
      if (!staged.ok) return staged
      return ok({
        body: {
          setting: shownIn(context)(staged.value),
          findings: [...findings],
          warnings: [...warnings],
        },
        version: staged.value.version,
        location: `/api/enrollment-settings/${encodeURIComponent(body.name)}`,
      })
    },
  })
}

const retirement = {
  cut_off: stringEnum(
    CUT_OFFS,
    '`not-before` refuses what the retired CA issues later; `known-devices` also what a thief back-dates.',
  ),
  sunset: nullable(time('From then on it admits no device; null for never.')),
}

function addPromoteRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store } = context
  defineRoute(app, {
    route: 'POST /api/enrollment-settings/:name/promote',
    role: 'administrator',
    tag: 'enrollment',
    summary: 'Make a setting current; the current one becomes previously trusted in the same step.',
    params: nameParams,
    body: strictObject(retirement),
    response: strictObject({ current: settingShape, retired: nullable(settingShape) }),
    versioned: true,
    fails: [404, 409],
    handle: async ({ actor, params, body, expected }) => {
      const held = heldByFile(params.name, { kind: 'current' }, context)
      if (held !== undefined) return held
      const retiring = { cutOff: body.cut_off, sunset: instantOf(body.sunset) }
      const promoted = await store.enrollment.promote(actor, params.name, { expected, retiring })
      if (!promoted.ok) return promoted
      const { current, retired } = promoted.value
      return ok({
        body: {
          current: shownIn(context)(current),
          retired: retired === undefined ? null : shownIn(context)(retired),
        },
        version: current.version,
      })
    },
  })
  defineRoute(app, {
    route: 'PATCH /api/enrollment-settings/:name',
    role: 'administrator',
    tag: 'enrollment',
    summary: 'Change cut-off or sunset of a previously trusted setting.',
    params: nameParams,
    body: strictObject({
      cut_off: Type.Optional(retirement.cut_off),
      sunset: Type.Optional(retirement.sunset),
    }),
    response: settingShape,
    versioned: true,
    fails: [404, 409],
    handle: async ({ actor, params, body, expected }) => {
      const held = await amendmentHeld(params.name, body, context)
      if (held !== undefined) return held
      const change = {
        ...(body.cut_off === undefined ? {} : { cutOff: body.cut_off }),
        ...(body.sunset === undefined ? {} : { sunset: instantOf(body.sunset) }),
      }
      return versionedOutput(
        await store.enrollment.amend(actor, params.name, {
          expected,
          retirement: change,
        }),
        shownIn(context),
      )
    },
  })
}

function addEndRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store } = context
  defineRoute(app, {
    route: 'POST /api/enrollment-settings/:name/remove',
    role: 'administrator',
    tag: 'enrollment',
    summary:
      'Remove a setting that is not current; refused while devices depend on it or it is distrusted, unless forced.',
    params: nameParams,
    body: strictObject({ force: Type.Boolean({ default: false }) }),
    response: settingShape,
    versioned: true,
    fails: [404, 409],
    handle: async ({ actor, params, body, expected }) =>
      versionedOutput(
        await store.enrollment.remove(actor, params.name, {
          expected,
          force: body.force,
          aliveSince: aliveSince(context),
        }),
        shownIn(context),
      ),
  })
  defineRoute(app, {
    route: 'POST /api/enrollment-settings/:name/distrust',
    role: 'administrator',
    tag: 'enrollment',
    summary: 'Distrust now: for a stolen CA key. Ends live connections of its devices.',
    params: nameParams,
    response: settingShape,
    versioned: true,
    fails: [404, 409],
    handle: async ({ actor, params, expected }) =>
      versionedOutput(
        await store.enrollment.distrust(actor, params.name, expected),
        shownIn(context),
      ),
  })
}

/** Whose certificate has ended for good depends on no CA any more; in grace a device still renews under it. */
const aliveSince = ({ clock, frontEnd }: AdminContext): Instant =>
  Math.max(0, clock.now() - frontEnd.config().grace) as Instant

const noSetting = (name: string) =>
  ({ kind: 'not-found', what: 'enrollment setting', key: name }) as const

const shownIn =
  ({ frontEnd }: AdminContext) =>
  (it: StoredSetting) =>
    shownSetting(it, frontEnd.fileTrust())
