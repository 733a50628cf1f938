/** The approval model in words, and who may choose another one. */
import type { ApprovalSettings } from '../config/service/types.ts'

export const modelText = ({ model, modelStated }: ApprovalSettings): string =>
  `model ${model}: ${MODELS[model]}${modelStated ? '' : '; the portal may have chosen another one'}`

const MODELS: Readonly<Record<ApprovalSettings['model'], string>> = {
  off: 'no device has to be approved',
  auto: 'every fit certificate approves its device',
  manual:
    'every device waits for Approve: outside until certificates are required, then on sensitive rows',
  'manual-external':
    'as manual, and outside every device waits for Approve once certificates are required, too',
}
