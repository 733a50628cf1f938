/** A difference between file and store, as the admin API and `--json` have it. */
import { differenceText, type FileDifference } from './file-difference.ts'

/** One of them, as plain data. */
export interface DifferenceItem extends Pick<
  FileDifference,
  'at' | 'file' | 'holds' | 'kind' | 'store' | 'subject'
> {
  readonly in_force: FileDifference['inForce']
  readonly commands: string[]
  readonly text: string
}

/** Returns it as data, with the sentence that an operator is told. */
export const differenceItem = (it: FileDifference): DifferenceItem => ({
  kind: it.kind,
  at: it.at,
  subject: it.subject,
  file: it.file,
  store: it.store,
  in_force: it.inForce,
  holds: it.holds,
  commands: [...it.commands],
  text: differenceText(it),
})
