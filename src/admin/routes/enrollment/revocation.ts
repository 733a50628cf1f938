/**
 * The revocation lists of an enrollment setting (decision 31): read, named, uploaded, removed, reset.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { fail, ok, type Millis, type Result } from '../../../kernel/types.ts'
import { DEFAULT_LIMITS } from '../../../trust/limits.ts'
import { placeOf, type ListSource } from '../../../trust/list-source.ts'
import { sequenceKey, verifyList, type RevocationList } from '../../../trust/revocation.ts'
import { afterTaking } from '../../../revoke/kept-lists.ts'
import { parseCrls } from '../../../x509/crl.ts'
import type { StoredSetting } from '../../../store/settings/enrollment-setting.ts'
import type { StoredRevocation } from '../../../store/settings/setting-revocation.ts'
import type { AdminContext } from '../../context.ts'
import { defineRoute, type RouteFailure } from '../../define-route.ts'
import { invalidData, notFound, refuse } from '../../refused.ts'
import { nameParams, strictObject, text } from '../../schemas.ts'
import { readListUrl, readUploadedLists } from './list-upload.ts'
import {
  failureShape,
  graceShape,
  refreshShape,
  revocationShape,
  shownRevocation,
} from './revocation-shapes.ts'
import { missingListWarning, type MissingList } from '../../../state/missing-lists.ts'
import { certificatesOf } from './shapes.ts'

const ROUTE = '/api/enrollment-settings/:name/revocation'

/** Adds the calls. */
export function addRevocationRoutes(app: FastifyInstance, context: AdminContext): void {
  defineRoute(app, {
    route: `GET ${ROUTE}`,
    role: 'viewer',
    tag: 'enrollment',
    summary: 'What a setting asks of revocation, where its lists are, and what is in force.',
    params: nameParams,
    response: revocationShape,
    fails: [404],
    handle: async ({ params }) => {
      const found = await context.store.enrollment.find(params.name)
      if (!found.ok) return found
      if (found.value === undefined) return noSetting(params.name)
      return await answer(context, found.value)
    },
  })
  addPolicyRoute(app, context)
  addListRoutes(app, context)
  defineRoute(app, {
    route: `POST ${ROUTE}/reset`,
    role: 'administrator',
    tag: 'enrollment',
    summary:
      'Let the next lists take the place of those in force although they are older: for a CA that was restored from a backup.',
    params: nameParams,
    response: revocationShape,
    versioned: true,
    fails: [404],
    handle: async ({ actor, params, expected }) => {
      const reset = await context.store.revocationLists.reset(actor, params.name, expected)
      return reset.ok ? await answer(context, reset.value) : reset
    },
  })
}

function addPolicyRoute(app: FastifyInstance, context: AdminContext): void {
  defineRoute(app, {
    route: `PATCH ${ROUTE}`,
    role: 'administrator',
    tag: 'enrollment',
    summary: 'Change what follows while revocation is unknown, or how long and how often.',
    params: nameParams,
    body: strictObject({
      failure: Type.Optional(failureShape),
      grace: Type.Optional(graceShape),
      refresh: Type.Optional(refreshShape),
    }),
    response: revocationShape,
    versioned: true,
    fails: [404, 409],
    handle: ({ actor, params, body, expected }) =>
      change(context, { actor, name: params.name, expected }, ({ revocation }) => {
        if (typeof revocation === 'string') return noList(params.name)
        return ok({
          ...revocation,
          failure: body.failure ?? revocation.failure,
          grace: body.grace === undefined ? revocation.grace : millis(body.grace),
          refresh: body.refresh === undefined ? revocation.refresh : millis(body.refresh),
        })
      }),
  })
}

function addListRoutes(app: FastifyInstance, context: AdminContext): void {
  defineRoute(app, {
    route: `POST ${ROUTE}/lists`,
    role: 'administrator',
    tag: 'enrollment',
    summary:
      'Name a list by its URL, or upload one; an upload takes the place of those that it succeeds.',
    params: nameParams,
    body: Type.Union([
      strictObject({
        url: text(2000, 'http is as good as https: lists are signed.'),
        failure: Type.Optional(failureShape),
      }),
      strictObject({
        list: Type.String({
          minLength: 1,
          maxLength: MAX_UPLOAD,
          description: 'The text of a PEM file with lists, or a list in DER as base64.',
        }),
        failure: Type.Optional(failureShape),
      }),
    ]),
    response: revocationShape,
    versioned: true,
    fails: [404, 409],
    handle: ({ actor, params, body, expected }) =>
      change(context, { actor, name: params.name, expected }, (setting) => {
        const source = 'url' in body ? readListUrl(body.url) : uploaded(context, setting, body.list)
        if (!source.ok) return invalidData(source.failure, 'the revocation list')
        const { revocation } = setting
        const known = typeof revocation === 'string' ? FIRST_POLICY : revocation
        const failure = body.failure ?? known.failure
        const before = withoutSucceeded(known.lists, source.value, setting)
        const place = placeOf(source.value)
        if (before.some((one) => placeOf(one) === place)) return again(place)
        if (before.length >= MAX_LISTS) return tooMany(before.length)
        const [first, ...others] = [...before, source.value]
        return ok({ ...known, failure, lists: [first ?? source.value, ...others] })
      }),
  })
  defineRoute(app, {
    route: `DELETE ${ROUTE}/lists/:number`,
    role: 'administrator',
    tag: 'enrollment',
    summary:
      'Name a list no more; what it names as revoked is admitted again, unless another list names it.',
    params: strictObject({
      name: nameParams.properties.name,
      number: Type.Integer({ minimum: 1, maximum: MAX_LISTS, description: 'As it is shown.' }),
    }),
    response: revocationShape,
    versioned: true,
    fails: [404, 409],
    handle: ({ actor, params, expected }) =>
      change(context, { actor, name: params.name, expected }, ({ revocation }) => {
        const lists = typeof revocation === 'string' ? [] : revocation.lists
        if (lists[params.number - 1] === undefined) {
          return notFound('revocation list', String(params.number))
        }
        const [first, ...others] = lists.toSpliced(params.number - 1, 1)
        if (first === undefined || typeof revocation === 'string') return ok('none')
        return ok({ ...revocation, lists: [first, ...others] })
      }),
  })
}

interface Target {
  readonly actor: Parameters<AdminContext['store']['revocationLists']['put']>[0]
  readonly name: string
  readonly expected: Parameters<AdminContext['store']['revocationLists']['put']>[2]['expected']
}

/** Works out what the setting is to ask for, and stores it on the version that this was worked out from. */
async function change(
  context: AdminContext,
  { actor, name, expected }: Target,
  next: (setting: StoredSetting) => Result<StoredRevocation | 'none', RouteFailure>,
) {
  const found = await context.store.enrollment.find(name)
  if (!found.ok) return found
  if (found.value === undefined) return noSetting(name)
  const revocation = next(found.value)
  if (!revocation.ok) return revocation
  const version = expected === 'any' ? found.value.version : expected
  const changed = await context.store.revocationLists.put(actor, name, {
    expected: version,
    revocation: revocation.value,
  })
  return changed.ok ? await answer(context, changed.value) : changed
}

async function answer({ store, frontEnd }: AdminContext, setting: StoredSetting) {
  const points = await store.revocationLists.points()
  if (!points.ok) return points
  const body = shownRevocation(setting, {
    facts: frontEnd.crlFacts(),
    points: points.value,
    warning: warningOf(frontEnd.missingLists(), setting.name),
  })
  return ok({ body, version: setting.version })
}

function warningOf(missing: readonly MissingList[], name: string): string | undefined {
  const ours = missing.find(({ setting }) => setting === name)
  return ours && missingListWarning(ours).message
}

function uploaded(context: AdminContext, setting: StoredSetting, list: string) {
  const { limits, profile } = context.frontEnd.trust()
  // What was uploaded a moment ago is in the store, and not yet in force.
  const stored = typeof setting.revocation === 'string' ? [] : setting.revocation.lists
  const uploads = stored.flatMap((source) => {
    const file = source.kind === 'upload' ? parseCrls(Buffer.from(source.octets)) : undefined
    return file?.ok === true ? file.value.crls : []
  })
  const read = readUploadedLists(list, {
    profile,
    limits: { ...DEFAULT_LIMITS, ...limits },
    authorities: certificatesOf(setting),
    inForce: [...context.frontEnd.crlsInForce(setting.name), ...uploads],
  })
  return read.ok ? ok(read.value.source) : read
}

/**
 * Without earlier uploads all of whose lists the new one goes on with. A numbered list stays where one without a number comes
 * in its place: the store has to know the number, whatever has been in force meanwhile, so that no lower one comes back.
 */
function withoutSucceeded(
  lists: readonly ListSource[],
  next: ListSource,
  setting: StoredSetting,
): readonly ListSource[] {
  if (next.kind !== 'upload') return lists
  const following = listsIn(next.octets, setting)
  const succeeded = new Set(following.map(sequenceKey))
  return lists.filter((one) => {
    if (one.kind !== 'upload' || one.digest === next.digest) return true
    const earlier = listsIn(one.octets, setting)
    const { onlyCompared } = afterTaking(following, earlier)
    return onlyCompared.length > 0 || !earlier.every((list) => succeeded.has(sequenceKey(list)))
  })
}

function listsIn(octets: Uint8Array, setting: StoredSetting): readonly RevocationList[] {
  const crls = parseCrls(Buffer.from(octets))
  if (!crls.ok) return []
  const authorities = certificatesOf(setting)
  return crls.value.crls.flatMap((crl) => {
    const list = verifyList(crl, authorities, DEFAULT_LIMITS)
    return list.ok ? [list.value] : []
  })
}

const noSetting = (name: string) =>
  fail({ kind: 'not-found', what: 'enrollment setting', key: name } as const)

const noList = (setting: string) =>
  refuse({
    status: 409,
    code: 'no-revocation-list',
    detail: `the enrollment setting ${JSON.stringify(setting)} has no revocation list`,
    nextStep: 'name a list, or upload one, and say there what follows while it cannot be had',
  })

const again = (place: string) =>
  refuse({
    status: 409,
    code: 'already-exists',
    detail: `the setting has this list already: ${place}`,
    nextStep: 'see the lists of the setting; nothing was changed',
  })

const tooMany = (found: number) =>
  refuse({
    status: 409,
    code: 'too-many',
    detail: `the setting has ${found} lists already, and takes ${MAX_LISTS}`,
    nextStep: 'remove those that are published no more, or put the lists of a chain into one file',
  })

const millis = (seconds: number): Millis => (seconds * 1000) as Millis

/** The defaults of the configuration file. */
const FIRST_POLICY = {
  failure: 'hard-fail',
  grace: 0 as Millis,
  refresh: 3_600_000 as Millis,
  lists: [] as readonly ListSource[],
} as const

/** One for each CA of the longest chain, in two scopes. */
const MAX_LISTS = 40
/** A call has a megabyte; a list of more than some 20,000 certificates is named by its URL. */
const MAX_UPLOAD = 1_000_000
