/** Section A: who gets in. The ids are the public names of cases found by running what has landed. */
import { idsOf, type Section } from '../case.ts'
import { ADMINISTRATORS } from './administrators.ts'
import { APPROVAL } from './approval.ts'
import { CIPHERS } from './ciphers.ts'
import { CONFIG_DIFF } from './config-diff.ts'
import { DATES } from './dates.ts'
import { DEPARTURES } from './departures.ts'
import { ENDPOINTS } from './endpoints.ts'
import { ENFORCEMENT } from './enforcement.ts'
import { FILE_AND_STORE } from './file-and-store.ts'
import { HOARDS } from './hoards.ts'
import { HOST_FIELDS } from './hosts.ts'
import { IDENTITY_FIELDS } from './identity-fields.ts'
import { PRESET_MARKS } from './preset-marks.ts'
import { REFUSED_EVIDENCE } from './refused-evidence.ts'
import { REVOCATION_LISTS } from './revocation-lists.ts'
import { UNTRUSTED_SERVERS } from './untrusted-servers.ts'

export const SECTION_A: Section = {
  letter: 'A',
  title: 'who gets in',
  ids: idsOf('A', 17),
  scenes: [
    ...REFUSED_EVIDENCE,
    ...HOARDS,
    ...FILE_AND_STORE,
    ...CONFIG_DIFF,
    ...REVOCATION_LISTS,
    ...IDENTITY_FIELDS,
    ...ENFORCEMENT,
    ...CIPHERS,
    ...DATES,
    ...APPROVAL,
    ...PRESET_MARKS,
    ...ENDPOINTS,
    ...UNTRUSTED_SERVERS,
    ...DEPARTURES,
    ...HOST_FIELDS,
    ...ADMINISTRATORS,
  ],
}
