/** Why a draft is not taken or not applied, what it changes, and what an upgrade did, in the operator's words. */
import { unreachable } from '../kernel/types.ts'
import { allowAndLogDropped, explainAllowAndLogDropped } from './allow-and-log.ts'
import type { ApplyFault, DraftWarning } from './apply-draft.ts'
import type { SelectionChange } from './changes.ts'
import { explainSelection, explainSelectionNotice } from './explain-selection.ts'
import {
  explainVerification,
  explainVerificationChange,
  explainVerificationNotice,
  SETTING_TITLES,
} from './explain-verification.ts'
import type { DraftFault } from './read-draft.ts'
import type { UpgradeNotice } from './upgrade.ts'
import type { VerificationChange } from './verification.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** Explains why a draft is not taken or not applied. */
export function explainSettingsFault(fault: DraftFault | ApplyFault): Explanation {
  switch (fault.kind) {
    case 'nothing-to-apply':
      return fault.moved
        ? {
            sentence: 'Use Default is selected, so the moved items have no effect',
            nextStep: 'select Use Custom Configuration to use them, or Reset to Default',
          }
        : { sentence: 'this is applied already', nextStep: 'nothing to do' }
    case 'not-acknowledged':
      return {
        sentence: 'the draft brings warnings that are not acknowledged',
        nextStep: 'read each of them, and call again with its code in `acknowledged`',
      }
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
    case 'allow-and-log-without-strict':
    case 'empty-trust-store':
    case 'server-name-malformed':
    case 'no-certificate':
    case 'certificate-unreadable':
    case 'already-trusted':
    case 'too-many-certificates':
      return explainVerification(fault)
    default:
      return unreachable(fault)
  }
}

/** Explains what has to be acknowledged before a draft is applied. */
export function explainWarning(warning: DraftWarning): string {
  switch (warning.kind) {
    case 'custom-selection':
      return 'changing protocols and cipher suites may affect the performance and the security of what passes: understand both before you proceed'
    case 'weak-protocol':
    case 'weak-suites':
    case 'idle-suites':
      return explainSelectionNotice(warning)
    case 'unverified':
    case 'untrusted-servers-allowed':
    case 'idle-allow-and-log':
    case 'idle-certificates':
    case 'empty-custom-store':
      return explainVerificationNotice(warning)
    default:
      return unreachable(warning)
  }
}

/** Explains a difference that applying the draft would make. */
export const explainChange = (change: SelectionChange | VerificationChange): string =>
  'column' in change ? explainSelectionChange(change) : explainVerificationChange(change)

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
    case 'allow-and-log-dropped': {
      const dropped = allowAndLogDropped([{ upstream, file: false, stored: upgraded.parts }])
      const told = dropped.map(explainAllowAndLogDropped)
      return told.map(({ sentence, nextStep }) => `${sentence}: ${nextStep}`).join('; ')
    }
    default:
      return unreachable(upgraded)
  }
}

const TITLES = {
  protocols: 'Protocols',
  suites: 'Cipher Suites',
  groups: 'Groups',
} as const
