/** Which protocols, suites and groups an upstream is called with: the preset's default, or the operator's own. */
import {
  findItem,
  type Column,
  type Selection,
  type TlsPreset,
} from '../../upstream-tls/catalogue.ts'
import { completeSelection } from '../../upstream-tls/complete.ts'
import {
  explainSelectionNotice,
  explainSelection,
  COLUMN_NOUNS,
} from '../../upstream-tls/explain-selection.ts'
import {
  selectionFaults,
  selectionNotices,
  type SelectionFault,
} from '../../upstream-tls/selection.ts'
import { PROTOCOLS, type Protocol } from '../../upstream-tls/suite.ts'
import { type Maybe, missing, type Place, readEach } from '../reading/place.ts'
import { runtimeCatalogue } from '../reading/runtime-offers.ts'
import { unknownName } from '../reading/tls.ts'
import { weakUpstreamProtocol } from '../reading/danger.ts'

/** The three lists as they stand in the file. */
export interface WrittenSelection {
  readonly protocols?: readonly (Protocol | undefined)[] | undefined
  readonly ciphers?: readonly (string | undefined)[] | undefined
  readonly groups?: readonly (string | undefined)[] | undefined
}

/** What an upstream is called with, and who chose it. */
export interface SelectionSettings {
  /** "Use Default (recommended)", or "Use Custom Configuration". */
  readonly mode: 'default' | 'custom'
  readonly selection: Selection
}

/** Reads the lists of the upstream `name`; without any the upstream follows the default of its preset. */
export function readSelection(
  place: Place<WrittenSelection>,
  { name, preset }: { readonly name: string; readonly preset: TlsPreset },
): Maybe<SelectionSettings> {
  const catalogue = runtimeCatalogue()
  const { protocols, ciphers, groups } = place.written ?? {}
  if (protocols === undefined && ciphers === undefined && groups === undefined) {
    return { mode: 'default', selection: catalogue.defaults[preset] }
  }
  const partial = readColumns(place)
  if (partial === missing) return missing
  const selection = completeSelection(partial, preset, catalogue)
  const faults = selectionFaults(selection, catalogue)
  for (const one of faults) {
    const column = place.at(keyOf(one))
    const where = column.written === undefined ? place : column
    where.fault(selectionFaultText(one), 'key')
  }
  if (faults.length > 0) return missing
  warnOfWeakness(place, name, selection)
  return { mode: 'custom', selection }
}

/** The columns that were written; a hello in the form of SSLv2 is judged by S3-16 although no runtime of ours can send it. */
function readColumns(place: Place<WrittenSelection>): Maybe<Partial<Selection>> {
  const list = place.at('protocols')
  const protocols = readColumn(list, 'protocols')
  const suites = readColumn(place.at('ciphers'), 'suites')
  const groups = readColumn(place.at('groups'), 'groups')
  const hello = list.written?.indexOf('SSLv2Hello') ?? -1
  if (hello >= 0 && list.written?.includes('TLSv1') !== true) {
    const message = 'found SSLv2Hello without TLSv1, wanted both or neither: remove SSLv2Hello'
    return list.at(hello).fault(message)
  }
  if (protocols === missing || suites === missing || groups === missing) return missing
  return {
    ...(protocols === undefined
      ? {}
      : { protocols: PROTOCOLS.filter((one) => protocols.includes(one)) }),
    ...(suites === undefined ? {} : { suites }),
    ...(groups === undefined ? {} : { groups }),
  }
}

/** The stored names of what was written in either spelling. What is impossible here has no effect, and is said. */
function readColumn(
  list: Place<readonly (string | undefined)[]>,
  column: Column,
): Maybe<readonly string[] | undefined> {
  if (list.written === undefined) return undefined
  const noun = COLUMN_NOUNS[column]
  const seen = new Set<string>()
  const read = readEach(list, (name, place): Maybe<readonly string[]> => {
    const found = findItem(runtimeCatalogue(), column, name)
    if (found.kind === 'unknown') return unknownName(place, noun, found.suggestion)
    if (found.kind === 'impossible') {
      const message = `found ${name}, which is kept and has no effect, because it is impossible with this runtime (${found.why}): remove it`
      place.warn(message)
      return []
    }
    const { name: stored } = found.item
    if (seen.has(stored)) {
      return place.fault(`found the ${noun} ${stored} twice, wanted it once: remove one`)
    }
    seen.add(stored)
    return [stored]
  })
  if (read === missing) return missing
  const possible = read.flat()
  if (possible.length > 0 || list.written.length === 0) return possible
  const message = `found no ${noun} that is possible with this runtime, wanted at least one: \`tfe upstream catalogue\` shows what there is`
  return list.fault(message, 'key')
}

function keyOf(fault: SelectionFault): 'protocols' | 'ciphers' | 'groups' {
  if ('column' in fault) return fault.column === 'suites' ? 'ciphers' : fault.column
  if (fault.kind === 'no-suite') return 'ciphers'
  return fault.kind === 'no-group' ? 'groups' : 'protocols'
}

function selectionFaultText(fault: SelectionFault): string {
  const { sentence, nextStep } = explainSelection(fault)
  return `found that ${sentence}, wanted a selection that can connect: ${nextStep}`
}

/** S3-14: what weakens the upstream is said at each start; a weak protocol is a guarantee given up. */
function warnOfWeakness(place: Place<WrittenSelection>, name: string, selection: Selection): void {
  const notices = selectionNotices(selection, runtimeCatalogue())
  const protocols = notices.flatMap((one) => (one.kind === 'weak-protocol' ? [one.name] : []))
  if (protocols.length > 0) {
    place.at('protocols').warnOfDanger(weakUpstreamProtocol(name, protocols))
  }
  for (const one of notices) {
    if (one.kind === 'weak-protocol' || !place.at('ciphers').isStated) continue
    place.at('ciphers').warn(`found ${explainSelectionNotice(one)}`)
  }
}
