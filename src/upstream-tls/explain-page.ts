/** What the page turned down, and what an upgrade did, in the operator's words. */
import { unreachable } from '../kernel/types.ts'
import type { SelectionChange } from './changes.ts'
import { explainSelection, COLUMN_NOUNS } from './explain-selection.ts'
import {
  explainVerification,
  explainVerificationChange,
  SETTING_TITLES,
} from './explain-verification.ts'
import type { ActionFault } from './settings-page.ts'
import type { UpgradeNotice } from './upgrade.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** S3-14, shown before Proceed. */
export const PROCEED_WARNING =
  'changing protocols and cipher suites may affect the performance and the security of what passes: understand both before you proceed'

/** Why an action was turned down. */
export function explainActionFault(fault: ActionFault): Explanation {
  switch (fault.kind) {
    case 'already-selected':
      return {
        sentence: `the ${COLUMN_NOUNS[fault.column]} ${fault.name} is in Selected already`,
        nextStep: 'nothing to do',
      }
    case 'not-selected':
      return {
        sentence: `the ${COLUMN_NOUNS[fault.column]} ${fault.name} is not in Selected`,
        nextStep: 'move it there first',
      }
    case 'answer-first':
      return fault.asked === 'proceed'
        ? {
            sentence: 'Use Custom Configuration waits for Proceed',
            nextStep: 'click on Proceed, or choose Use Default',
          }
        : { sentence: 'a change waits to be confirmed', nextStep: 'answer Yes or No first' }
    case 'nothing-asked':
      return {
        sentence: `there is nothing to ${fault.answer}`,
        nextStep: 'load the page again: somebody else may have answered',
      }
    case 'nothing-to-apply':
      return fault.moved
        ? {
            sentence: 'Use Default is selected, so the moved items have no effect',
            nextStep: 'select Use Custom Configuration to use them, or Reset to Default',
          }
        : { sentence: 'this is applied already', nextStep: 'nothing to do' }
    case 'nothing-selected':
    case 'selected-twice':
    case 'unknown-name':
    case 'impossible-here':
    case 'hello-without-tlsv1':
    case 'protocol-gap':
    case 'no-suite':
    case 'no-group':
      return explainSelection(fault)
    case 'set-by-configuration-file':
    case 'strict-off-unsigned':
    case 'empty-trust-store':
    case 'server-name-malformed':
    case 'no-certificate':
    case 'certificate-unreadable':
    case 'already-trusted':
    case 'not-trusted':
    case 'too-many-certificates':
      return explainVerification(fault)
    default:
      return unreachable(fault)
  }
}

/** A difference in one column, for the confirmation. */
export function explainSelectionChange({
  column,
  added,
  removed,
  reordered,
}: SelectionChange): string {
  const parts = [
    ...(added.length === 0 ? [] : [`adds ${added.join(', ')}`]),
    ...(removed.length === 0 ? [] : [`removes ${removed.join(', ')}`]),
    ...(reordered ? ['changes the order of preference'] : []),
  ]
  return `${TITLES[column]}: ${parts.join('; ')}`
}

/** What an upgrade did to one upstream. */
export function explainUpgrade(upgraded: UpgradeNotice, upstream: string): string {
  switch (upgraded.kind) {
    case 'default-changed':
      return `${upstream} follows the default, which changed. ${explainSelectionChange(upgraded.change)}`
    case 'no-longer-offered': {
      const { column, names, inForce } = upgraded
      const used =
        inForce.length === 0 ? 'none of it was selected' : `selected were ${inForce.join(', ')}`
      return `${upstream}: this runtime no longer has ${names.join(', ')}, which left both columns of ${TITLES[column]}; ${used}`
    }
    case 'newly-available':
      return `${upstream}: new in ${TITLES[upgraded.column]}, under Available: ${upgraded.names.join(', ')}`
    case 'back-to-default': {
      const why = upgraded.faults.map((fault) => explainSelection(fault).sentence).join('; ')
      return `${upstream}: what is left of its custom configuration cannot be used (${why}); it follows the default until you choose again`
    }
    case 'setting-default-changed':
      return `${upstream} follows the default, which changed. ${explainVerificationChange(upgraded.change)}`
    case 'overruled': {
      const titles = upgraded.settings.map((one) => SETTING_TITLES[one]).join(', ')
      return `${upstream}: the configuration file states ${titles}, which was chosen otherwise on the page; the file's word counts, and the choice waits`
    }
    case 'settings-set-aside': {
      const why = upgraded.faults.map((fault) => explainVerification(fault).sentence).join('; ')
      return `${upstream}: with what the configuration file states, what was chosen on the page cannot be used (${why}); what the file says counts until you choose again`
    }
    case 'question-closed':
      return `${upstream}: a change that waited for an answer was set aside; look at the draft and apply it again`
    default:
      return unreachable(upgraded)
  }
}

const TITLES = {
  protocols: 'Protocols',
  suites: 'Cipher Suites',
  groups: 'Groups',
} as const
