/**
 * Why no path was sound, in words.
 */
import { unreachable } from '../kernel/types.ts'
import type { PathFailure } from '../trust/validate.ts'
import type { Words } from './explain.ts'

/** The sentence and the next step for what `trust` found. */
export function pathWords(why: PathFailure): Words {
  switch (why.kind) {
    case 'untrusted-issuer':
      return {
        sentence: `the certificate was issued by ${why.issuer}, which no enrollment setting knows`,
        nextStep:
          'enrol the device here, or add the CA chain of its issuer as an enrollment setting',
      }
    default:
      return unreachable(why.kind)
  }
}
