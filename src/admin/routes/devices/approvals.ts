/**
 * Approve selected, Block, and their way back; and the deny list.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { isoText, ok, type Result } from '../../../kernel/types.ts'
import type {
  DecisionOutcome,
  SkipReason,
  SelectedDevice,
} from '../../../store/devices/approvals.ts'
import type { Actor } from '../../../store/transactions.ts'
import type { DenyEntry } from '../../../store/devices/denials.ts'
import type { StoreFailure } from '../../../store/failure.ts'
import { defineRoute } from '../../define-route.ts'
import { bodyOutput, itemsOutput, noContent } from '../../route-output.ts'
import { strictObject, text, time, stringEnum, listOf } from '../../schemas.ts'
import type { AdminContext } from '../../context.ts'
import { denied, deniedOf, selectedDevices, selection } from './decision-shapes.ts'

/** Why a selected device is left, in words. */
const SKIP_TEXTS: Readonly<Record<SkipReason, string>> = {
  'not-found':
    'there is no such device: one shows up some seconds after its first request, and may have been forgotten since',
  stale: 'it has changed since: look at it again',
  already: 'it is so already',
  blocked: 'it is blocked: unblock it by itself if that was a mistake',
  'no-valid-certificate':
    'its last certificate was not judged fit when it was last seen, has ended, or comes from a CA that is trusted no more: `tfe devices show` has its last verdict; mend that, and approve it after its next connection',
  'not-blocked': 'it is not blocked',
}

const outcomeShape = strictObject({
  changed: Type.Array(Type.String()),
  left: Type.Array(
    strictObject({
      id: Type.String(),
      why: stringEnum(Object.keys(SKIP_TEXTS) as SkipReason[]),
      text: Type.String(),
    }),
  ),
})

type Decide = (
  actor: Actor,
  devices: readonly SelectedDevice[],
) => Promise<Result<DecisionOutcome, StoreFailure>>

/** Adds the calls. */
export function addApprovalRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store, clock } = context
  const { approvals } = store
  const decisions: readonly [string, string, Decide][] = [
    [
      'approve',
      'Approve selected: unapproved devices with a valid certificate; the rest is left, and why is said.',
      (actor, devices) => approvals.approve(actor, devices, clock.now()),
    ],
    [
      'block',
      'Block: refused from now on, on live connections too.',
      (actor, devices) => approvals.block(actor, devices),
    ],
    [
      'unblock',
      'Lift a block: the devices are unapproved again.',
      (actor, devices) => approvals.unblock(actor, devices),
    ],
    [
      'withdraw',
      'Take an approval back without blocking.',
      (actor, devices) => approvals.withdraw(actor, devices),
    ],
  ]
  for (const [verb, summary, decide] of decisions) {
    defineRoute(app, {
      route: `POST /api/devices/${verb}`,
      role: 'operator',
      tag: 'approval',
      summary,
      body: selection,
      response: outcomeShape,
      fails: [409, 413],
      handle: async ({ actor, body }) => {
        const result = await decide(actor, selectedDevices(body))
        if (!result.ok) return result
        const { changed, left } = result.value
        return ok({
          body: {
            changed: [...changed],
            left: left.map((it) => ({ ...it, text: SKIP_TEXTS[it.why] })),
          },
        })
      },
    })
  }
  addDenyListRoutes(app, context)
}

const entry = strictObject({
  denied,
  note: Type.String(),
  created_by: Type.String(),
  created: time('When it was added.'),
})

function addDenyListRoutes(app: FastifyInstance, { store }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/deny-list',
    role: 'viewer',
    tag: 'approval',
    summary: 'Whom the deny list refuses, oldest entry first.',
    response: listOf(entry),
    handle: async () => itemsOutput(await store.denials.list(), shownEntry),
  })
  defineRoute(app, {
    route: 'POST /api/deny-list',
    role: 'operator',
    tag: 'approval',
    summary: 'Deny a key or a certificate at once, on live connections too.',
    body: strictObject({ denied, note: text(500, 'Why.') }),
    response: entry,
    created: true,
    fails: [409],
    handle: async ({ actor, body }) =>
      bodyOutput(await store.denials.add(actor, deniedOf(body.denied), body.note), shownEntry),
  })
  defineRoute(app, {
    route: 'POST /api/deny-list/remove',
    role: 'operator',
    tag: 'approval',
    summary: 'Take an entry off the deny list.',
    body: strictObject({ denied }),
    fails: [404],
    handle: async ({ actor, body }) =>
      noContent(await store.denials.remove(actor, deniedOf(body.denied))),
  })
}

const shownEntry = (it: DenyEntry): Static<typeof entry> => ({
  denied:
    it.denied.kind === 'key'
      ? it.denied
      : { kind: 'serial', issuer_key: it.denied.issuerKey, serial: it.denied.serial },
  note: it.note,
  created_by: it.createdBy,
  created: isoText(it.createdAt),
})
