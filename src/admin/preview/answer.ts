/** The answer of a call that foretells a change. */
import { ok, type Result } from '../../kernel/types.ts'
import type { Static } from 'typebox'
import type { AdminContext } from '../context.ts'
import type { RouteFailure, RouteOutput } from '../define-route.ts'
import { previewStep, type PreviewRequest } from './fleet-preview.ts'
import { shownPreview, type previewShape } from './shapes.ts'

/** Asks the judge about both states, and shows what differs; nothing is changed. */
export async function previewAnswer(
  context: AdminContext,
  request: PreviewRequest,
): Promise<Result<RouteOutput<Static<typeof previewShape>>, RouteFailure>> {
  const preview = await previewStep(context, request)
  return preview.ok ? ok({ body: shownPreview(preview.value) }) : preview
}
