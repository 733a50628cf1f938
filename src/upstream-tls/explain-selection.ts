/** The faults and notices of a selection in the operator's words. */
import { unreachable } from '../kernel/types.ts'
import type { Column } from './catalogue.ts'
import type { SelectionFault, SelectionNotice } from './selection.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** Why a selection cannot be applied. */
export function explainSelection(fault: SelectionFault): Explanation {
  switch (fault.kind) {
    case 'nothing-selected':
      return {
        sentence: `no ${COLUMN_NOUNS[fault.column]} is selected`,
        nextStep: 'move at least one to Selected, or use the default',
      }
    case 'selected-twice':
      return {
        sentence: `the ${COLUMN_NOUNS[fault.column]} ${fault.name} is selected twice`,
        nextStep: 'remove one',
      }
    case 'unknown-name':
      return {
        sentence: `this runtime has no ${COLUMN_NOUNS[fault.column]} ${fault.name}`,
        nextStep:
          fault.suggestion === undefined ? 'remove it' : `did you mean ${fault.suggestion}?`,
      }
    case 'impossible-here':
      return {
        sentence: `${fault.name} is impossible with this runtime: ${fault.why}`,
        nextStep: 'remove it from Selected',
      }
    case 'hello-without-tlsv1':
      return {
        sentence: 'SSLv2Hello is selected without TLSv1, which it needs',
        nextStep: 'remove SSLv2Hello, or select TLSv1 too',
      }
    case 'protocol-gap':
      return {
        sentence: `${fault.missing.join(' and ')} is missing between the selected protocols, and a handshake can only offer a range without holes`,
        nextStep: `select ${fault.missing.join(' and ')} too, or remove the protocols on one side`,
      }
    case 'no-suite':
      return {
        sentence: `${fault.protocol} is selected and no cipher suite that it can use`,
        nextStep: `select a suite of ${fault.protocol}, or remove the protocol`,
      }
    case 'no-group':
      return {
        sentence: `${fault.protocol} is selected and no key exchange group that it can use`,
        nextStep: 'select X25519 or P-256 too',
      }
    default:
      return unreachable(fault)
  }
}

/** What to know about a selection that can be used. */
export function explainSelectionNotice(notice: SelectionNotice): string {
  switch (notice.kind) {
    case 'weak-protocol':
      return `${notice.name} is weak: ${notice.why}`
    case 'weak-suites':
      return `${notice.names.join(', ')}: weak, ${notice.why}`
    case 'idle-suites':
      return `${notice.names.join(', ')}: no effect, no selected protocol can use it`
    default:
      return unreachable(notice)
  }
}

/** What one thing of a column is called. */
export const COLUMN_NOUNS: Readonly<Record<Column, string>> = {
  protocols: 'protocol',
  suites: 'cipher suite',
  groups: 'key exchange group',
}
