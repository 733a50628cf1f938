/**
 * What a change of an enrollment setting's standing would do to the devices under it, before it is made: their last
 * sound certificates, as they were kept, judged by the rules for requests before and after.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { judgeRetained, type RetainedPath } from '../../../decide/judge-path.ts'
import { NO_FLEET, type Policy, type Standing } from '../../../decide/policy.ts'
import { fail, ok, unreachable, type Instant, type Result } from '../../../kernel/types.ts'
import { standingInForce } from '../../../state/file-holds.ts'
import { Overlay, type DenialDelta } from '../../../state/overlay.ts'
import type { StoredSetting, StoredStanding } from '../../../store/settings/enrollment-setting.ts'
import type { StoreFailure } from '../../../store/failure.ts'
import type { RetainedCertificate } from '../../../store/devices/retained-certificates.ts'
import { CUT_OFFS, type StandingKind } from '../../../store/schema/vocabulary.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { defineRoute } from '../../define-route.ts'
import { nullable, strictObject, time, stringEnum, nameParams } from '../../schemas.ts'
import { instantOf } from '../../times.ts'
import { certificatesOf } from './shapes.ts'
import type { AdminContext } from '../../context.ts'

const change = strictObject({
  change: stringEnum(['promote', 'amend', 'remove', 'distrust'] as const),
  cut_off: Type.Optional(stringEnum(CUT_OFFS, 'Of the CA that retires, or is amended.')),
  sunset: Type.Optional(nullable(time('Of the CA that retires, or is amended.'))),
  at: Type.Optional(time('Judge as of this moment; now when left out. A sunset shows only then.')),
})
type Change = Static<typeof change>

const previewShape = strictObject({
  judged: Type.Integer({ description: 'Devices under the settings that change.' }),
  complete: Type.Boolean({ description: 'False when there are more devices than are judged.' }),
  changes: Type.Array(
    strictObject({
      setting: Type.String(),
      from: Type.String(),
      to: Type.String(),
      devices: Type.Integer(),
    }),
    { description: 'Codes of the verdicts; `verified` is admitted. Only what changes.' },
  ),
  items: Type.Array(
    strictObject({
      device: Type.String(),
      subject: Type.String(),
      from: Type.String(),
      to: Type.String(),
    }),
    { description: 'The first hundred of these devices.' },
  ),
})

/** Adds the call. */
export function addStandingPreviewRoute(app: FastifyInstance, context: AdminContext): void {
  defineRoute(app, {
    route: 'POST /api/enrollment-settings/:name/preview',
    role: 'viewer',
    tag: 'enrollment',
    summary: 'Which devices would meet another verdict after a change; nothing is changed.',
    params: nameParams,
    body: change,
    response: previewShape,
    fails: [404, 409],
    handle: async ({ params, body }) => {
      const { store, clock, frontEnd } = context
      const all = await store.enrollment.list()
      if (!all.ok) return all
      const now = instantOf(body.at) ?? clock.now()
      const after = standingsAfter(all.value, { name: params.name, change: body, now: clock.now() })
      if (!after.ok) return after
      const before = new Map(all.value.map(({ name, standing }) => [name, standing]))
      const affected = all.value.filter(({ name }) => before.get(name) !== after.value.get(name))
      const preview = new StandingPreview()
      const denied = await deniedNow(store.denials, frontEnd.policy().denied)
      if (!denied.ok) return denied
      const policy = { ...frontEnd.policy(), denied: denied.value }
      for (const setting of affected) {
        const done = await previewSetting(context, setting, {
          preview,
          now,
          before: { ...policy, ...REQUIRED, standings: policyStandings(before, frontEnd) },
          after: { ...policy, ...REQUIRED, standings: policyStandings(after.value, frontEnd) },
        })
        if (!done.ok) return done
      }
      return ok({ body: preview.answer() })
    },
  })
}

/** What the file denies and what the store does: requests meet both. */
async function deniedNow(
  denials: Pick<AdminContext['store']['denials'], 'list'>,
  { keys, serials }: Policy['denied'],
): Promise<Result<Policy['denied'], StoreFailure>> {
  const listed = await denials.list()
  if (!listed.ok) return listed
  const entries = listed.value.map(({ denied }): DenialDelta => {
    if (denied.kind === 'key') return { of: 'key', value: denied.key, denied: true }
    return { of: 'serial', value: `${denied.issuerKey}:${denied.serial}`, denied: true }
  })
  const overlay = new Overlay()
  overlay.apply({ kind: 'denied', revision: 0, entries })
  return ok(overlay.deniedWith(keys, serials))
}

/** What a path is worth does not depend on it. */
const REQUIRED = { enforcement: 'required', fleet: NO_FLEET } as const

type Standings = ReadonlyMap<string, StoredStanding>

interface ChangeRequest {
  readonly name: string
  readonly change: Change
  readonly now: Instant
}

/** The standings as the store would have them; refused where the store would refuse. */
function standingsAfter(
  settings: readonly StoredSetting[],
  { name, change, now }: ChangeRequest,
): Result<Standings, StoreFailure> {
  const standings = new Map(settings.map((one) => [one.name, one.standing]))
  const standing = standings.get(name)
  if (standing === undefined)
    return fail({ kind: 'not-found', what: 'enrollment setting', key: name })
  const wanted = CHANGEABLE[change.change]
  if (!wanted.includes(standing.kind)) {
    const [found, setting] = [standing.kind, name]
    return fail({ kind: 'standing-refused', setting, found, wanted: wanted.join(' or ') })
  }
  const sunset = instantOf(change.sunset)
  const cutOff = change.cut_off ?? 'not-before'
  switch (change.change) {
    case 'promote': {
      const current = settings.find((one) => one.standing.kind === 'current')
      if (current !== undefined) {
        standings.set(current.name, { kind: 'previously-trusted', retiredAt: now, cutOff, sunset })
      }
      return ok(standings.set(name, { kind: 'current' }))
    }
    case 'amend':
      return standing.kind === 'previously-trusted'
        ? ok(
            standings.set(name, {
              ...standing,
              ...(change.cut_off === undefined ? {} : { cutOff }),
              ...(change.sunset === undefined ? {} : { sunset }),
            }),
          )
        : ok(standings)
    case 'remove':
      return ok(standings.set(name, { kind: 'removed' }))
    case 'distrust':
      return ok(standings.set(name, { kind: 'distrusted' }))
    default:
      return unreachable(change.change)
  }
}

/** Where a setting has to stand for each change; the store holds the same. */
const CHANGEABLE: Readonly<Record<Change['change'], readonly StandingKind[]>> = {
  promote: ['staged', 'previously-trusted'],
  amend: ['previously-trusted'],
  remove: ['staged', 'previously-trusted', 'distrusted'],
  distrust: ['staged', 'current', 'previously-trusted', 'removed'],
}

/** As they would be in force beside the file; a removed setting is unknown to the policy. */
const policyStandings = (
  standings: Standings,
  frontEnd: Pick<AdminContext['frontEnd'], 'fileTrust'>,
): ReadonlyMap<string, Standing> =>
  new Map(
    [...standings].flatMap(([name, stored]) => {
      const standing = standingInForce(name, stored, frontEnd.fileTrust())
      return standing.kind === 'removed' ? [] : [[name, standing] as const]
    }),
  )

type JudgedBy = Omit<Policy, 'revocation'>

interface PreviewPass {
  readonly preview: StandingPreview
  readonly now: Instant
  readonly before: JudgedBy
  readonly after: JudgedBy
}

async function previewSetting(
  { store }: AdminContext,
  setting: StoredSetting,
  { preview, now, before, after }: PreviewPass,
): Promise<Result<void, StoreFailure>> {
  const chain = certificatesOf(setting)
  let next: string | undefined
  do {
    if (preview.judged >= MAX_JUDGED) {
      preview.complete = false
      return ok(undefined)
    }
    const page = await store.devices.retainedCertificates(setting.name, {
      limit: 1000,
      after: next,
    })
    if (!page.ok) return page
    for (const retained of page.value.items) {
      const path = pathOf(retained, setting.name, chain)
      // Whose key or serial is denied is refused before and after.
      if (path === undefined || isDenied(retained, before)) continue
      preview.add(setting.name, retained, {
        from: codeOf(judgeRetained(path, withKnownDevices(before, retained), now)),
        to: codeOf(judgeRetained(path, withKnownDevices(after, retained), now)),
      })
    }
    next = page.value.next
  } while (next !== undefined)
  return ok(undefined)
}

/** As the store would tell who was known: a CA that retired long ago may since have met devices for the first time. */
function withKnownDevices(policy: JudgedBy, { knownSince }: RetainedCertificate): JudgedBy {
  const wasKnown = (setting: string): boolean => {
    const standing = policy.standings.get(setting)
    return standing?.kind === 'previously-trusted' && knownSince < standing.retiredAt
  }
  return { ...policy, fleet: { ...policy.fleet, known: { wasKnown } } }
}

const isDenied = ({ key, issuerKey, serial }: RetainedCertificate, { denied }: JudgedBy): boolean =>
  denied.keys.has(key) || denied.serials.has(`${issuerKey ?? ''}:${serial}`)

/** The kept certificate below its issuers: the CA that signed it, and those above up to one that signed itself. */
function pathOf(
  retained: RetainedCertificate,
  setting: string,
  chain: readonly Certificate[],
): RetainedPath | undefined {
  const issuer = chain.find(({ publicKey }) => publicKey.fingerprint === retained.issuerKey)
  const first = issuer ?? chain[0]
  if (first === undefined) return undefined
  let anchor: Certificate = first
  const between: Certificate[] = []
  while (between.length < chain.length) {
    const name: string = anchor.issuer.key
    const above: Certificate | undefined = chain.find(
      (one) => one !== anchor && one.subject.key === name,
    )
    if (above === undefined || anchor.subject.key === name) break
    between.push(anchor)
    anchor = above
  }
  const leaf = { ...retained, publicKey: { fingerprint: retained.key } }
  return { certificates: [leaf, ...between], anchor: { setting, certificate: anchor } }
}

const codeOf = ({ kind }: ReturnType<typeof judgeRetained>): string =>
  kind === 'timely' ? 'verified' : kind

/** What was found so far. */
class StandingPreview {
  judged = 0
  complete = true
  readonly #counts = new Map<string, Static<typeof previewShape>['changes'][number]>()
  readonly #items: Static<typeof previewShape>['items'] = []

  add(
    setting: string,
    { device, subject }: RetainedCertificate,
    { from, to }: { readonly from: string; readonly to: string },
  ): void {
    this.judged += 1
    if (from === to) return
    const name = `${setting}\n${from}\n${to}`
    const count = this.#counts.get(name) ?? { setting, from, to, devices: 0 }
    this.#counts.set(name, { ...count, devices: count.devices + 1 })
    if (this.#items.length < MAX_SHOWN) this.#items.push({ device, subject, from, to })
  }

  answer(): Static<typeof previewShape> {
    const changes = [...this.#counts.values()]
    return { judged: this.judged, complete: this.complete, changes, items: this.#items }
  }
}

/** What is read in a few seconds; who has more devices under one CA learns the proportions. */
const MAX_JUDGED = 200_000
const MAX_SHOWN = 100
