/** What a block or an entry of the deny list would do to the fleet, before it is made. */
import type { FastifyInstance } from 'fastify'
import { fail, ok, type Result } from '../../../kernel/types.ts'
import type { SelectedDevice } from '../../../store/devices/approvals.ts'
import type { StoreFailure } from '../../../store/failure.ts'
import type { AdminContext } from '../../context.ts'
import { defineRoute } from '../../define-route.ts'
import { previewAnswer } from '../../preview/answer.ts'
import type { PreviewedStep } from '../../preview/change.ts'
import { previewShape } from '../../preview/shapes.ts'
import { strictObject } from '../../schemas.ts'
import { denied, deniedOf, selectedDevices, selection } from './decision-shapes.ts'

/** Adds the calls. */
export function addDecisionPreviewRoutes(app: FastifyInstance, context: AdminContext): void {
  defineRoute(app, {
    route: 'POST /api/devices/block/preview',
    role: 'viewer',
    tag: 'approval',
    summary:
      'Which devices would meet another verdict once these are blocked, those that show their ids included; nothing is changed.',
    body: selection,
    response: previewShape,
    fails: [404, 409, 412],
    handle: async ({ body }) => {
      const step = await blockStep(context, selectedDevices(body))
      return step.ok ? await previewAnswer(context, { step: step.value }) : step
    },
  })
  defineRoute(app, {
    route: 'POST /api/deny-list/preview',
    role: 'viewer',
    tag: 'approval',
    summary:
      'Which devices would meet another verdict under an entry of the deny list; nothing is changed.',
    body: strictObject({ denied }),
    response: previewShape,
    fails: [409],
    handle: ({ body }) =>
      previewAnswer(context, { step: { kind: 'deny', denied: deniedOf(body.denied) } }),
  })
}

/** The block would leave a device that is not there or has changed since; a preview without it would be of another selection. */
async function blockStep(
  { store }: AdminContext,
  devices: readonly SelectedDevice[],
): Promise<Result<PreviewedStep, StoreFailure>> {
  const targets = await store.devices.blockTargets(devices.map(({ id }) => id))
  if (!targets.ok) return targets
  const signedIds: string[] = []
  for (const { id, expected } of devices) {
    const target = targets.value.get(id)
    const what = 'device'
    if (target === undefined) return fail({ kind: 'not-found', what, key: id })
    const found = target.version
    if (expected !== undefined && expected !== found) {
      return fail({ kind: 'stale', what, key: id, expected, found })
    }
    signedIds.push(...target.ids)
  }
  return ok({ kind: 'block', devices: new Set(devices.map(({ id }) => id)), signedIds })
}
