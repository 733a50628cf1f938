/** The approval model in words, and who may choose another one. */
import type { ApprovalSettings } from '../config/service/types.ts'

export const modelText = ({ model, modelStated }: ApprovalSettings): string =>
  `model ${model}: ${MODELS[model]}${modelStated ? '' : '; the portal may have chosen another one'}`

const MODELS: Readonly<Record<ApprovalSettings['model'], string>> = {
  off: 'no device has to be approved',
  auto: 'a sound certificate under the current CA approves itself, any other device waits for Approve',
  manual: 'every device waits for Approve',
  'manual-external': 'devices that come from outside wait for Approve',
}
