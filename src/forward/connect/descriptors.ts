/** Whether this process may open another file or socket, asked where something else may have failed for want of one. */
import { closeSync, openSync } from 'node:fs'
import { errorCode } from '../../kernel/error-code.ts'

/** Tries to open one. False where that fails for another reason: nothing is then known of descriptors. */
export function isOutOfDescriptors(): boolean {
  try {
    closeSync(openSync('/dev/null', 'r'))
    return false
  } catch (error) {
    return ['EMFILE', 'ENFILE'].includes(errorCode(error))
  }
}
