/**
 * Section C: what operators are told. The ids are the public names of cases found by running what has landed; C7 is of
 * another section, and C12 is held by the tests of the commands.
 */
import { idsOf, type Section } from '../case.ts'
import { BACKUPS } from './backups.ts'
import { CHECKED } from './checked.ts'
import { COMMANDS } from './commands.ts'
import { DEMANDED_CERTIFICATES } from './demanded-certificates.ts'
import { EXPLAINED } from './explained.ts'
import { NUMBERS } from './numbers.ts'
import { READINESS } from './readiness.ts'
import { SEALING } from './sealing.ts'
import { WHY } from './why.ts'

const ELSEWHERE: ReadonlySet<string> = new Set(['C7', 'C12'])
const PEERS_TELL_NOTHING = 'nginx and HAProxy have no such record or command'

const ids = idsOf('C', 12).filter((id) => !ELSEWHERE.has(id))

export const SECTION_C: Section = {
  letter: 'C',
  title: 'what operators are told',
  ids,
  withoutPeers: Object.fromEntries(ids.map((id) => [id, PEERS_TELL_NOTHING])),
  scenes: [
    ...BACKUPS,
    ...CHECKED,
    ...DEMANDED_CERTIFICATES,
    ...COMMANDS,
    ...EXPLAINED,
    ...NUMBERS,
    ...READINESS,
    ...SEALING,
    ...WHY,
  ],
}
