/** Section A: who gets in. The ids are the public names of cases found by running what has landed. */
import { idsOf, type Section } from '../case.ts'
import { ADMINISTRATORS } from './administrators.ts'
import { DATES } from './dates.ts'
import { HOARDS } from './hoards.ts'
import { HOST_FIELDS } from './hosts.ts'
import { REFUSED_EVIDENCE } from './refused-evidence.ts'

export const SECTION_A: Section = {
  letter: 'A',
  title: 'who gets in',
  ids: idsOf('A', 17),
  scenes: [...REFUSED_EVIDENCE, ...HOARDS, ...DATES, ...HOST_FIELDS, ...ADMINISTRATORS],
}
