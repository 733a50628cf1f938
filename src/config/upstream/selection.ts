/** Which protocols, suites and groups an upstream is called with: the preset's default, or the operator's own. */
import type { Column, TlsPreset, Selection } from '../../upstream-tls/catalogue.ts'
import { findItem } from '../../upstream-tls/catalogue.ts'
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
import {
  type ReadContext,
  readEach,
  fault,
  type Maybe,
  missing,
  locationOf,
  warn,
} from '../reading/read-context.ts'
import { runtimeCatalogue } from '../reading/runtime-offers.ts'
import { quoted } from '../reading/fault-text.ts'
import type { Path } from '../reading/yaml-text.ts'
import { weakUpstreamProtocol } from './dangers.ts'
import type { Danger } from '../reading/danger.ts'

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

/** Reads the lists; without any the upstream follows the default of its preset. */
export function readSelection(
  context: ReadContext,
  path: Path,
  { written, preset, dangers }: { written: WrittenSelection; preset: TlsPreset; dangers: Danger[] },
): Maybe<SelectionSettings> {
  const catalogue = runtimeCatalogue()
  const { protocols, ciphers, groups } = written
  if (protocols === undefined && ciphers === undefined && groups === undefined) {
    return { mode: 'default', selection: catalogue.defaults[preset] }
  }
  const partial = readColumns(context, path, written)
  if (partial === missing) return missing
  const selection = completeSelection(partial, preset, catalogue)
  const faults = selectionFaults(selection, catalogue)
  for (const one of faults)
    fault(context, faultPath(one, path, written), selectionFaultText(one), 'key')
  if (faults.length > 0) return missing
  warnOfWeakness(context, path, { selection, dangers })
  return { mode: 'custom', selection }
}

/** The columns that were written; a hello in the form of SSLv2 is judged by S3-16 although no runtime of ours can send it. */
function readColumns(
  context: ReadContext,
  path: Path,
  written: WrittenSelection,
): Maybe<Partial<Selection>> {
  const column = (key: 'protocols' | 'ciphers' | 'groups'): Maybe<readonly string[] | undefined> =>
    readColumn(context, [...path, key], {
      column: key === 'ciphers' ? 'suites' : key,
      names: written[key],
    })
  const protocols = column('protocols')
  const suites = column('ciphers')
  const groups = column('groups')
  const hello = written.protocols?.indexOf('SSLv2Hello') ?? -1
  if (hello >= 0 && written.protocols?.includes('TLSv1') !== true) {
    const message = 'found SSLv2Hello without TLSv1, wanted both or neither: remove SSLv2Hello'
    return fault(context, [...path, 'protocols', hello], message)
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

interface WrittenColumn {
  readonly column: Column
  readonly names: readonly (string | undefined)[] | undefined
}

/** The stored names of what was written in either spelling. What is impossible here has no effect, and is said. */
function readColumn(
  context: ReadContext,
  path: Path,
  { column, names }: WrittenColumn,
): Maybe<readonly string[] | undefined> {
  if (names === undefined) return undefined
  const seen = new Set<string>()
  const read = readEach(names, (name: string, index): Maybe<readonly string[]> => {
    const place = [...path, index]
    const found = findItem(runtimeCatalogue(), column, name)
    if (found.kind === 'unknown') {
      const advice =
        found.suggestion === undefined ? 'remove it' : `did you mean ${found.suggestion}?`
      const message = `found ${quoted(name)}, wanted a ${COLUMN_NOUNS[column]} of this runtime: ${advice}`
      return fault(context, place, message)
    }
    if (found.kind === 'impossible') {
      const message = `found ${name}, which is kept and has no effect, because it is impossible with this runtime (${found.why}): remove it`
      warn(context, place, message)
      return []
    }
    const { name: stored } = found.item
    if (seen.has(stored)) {
      const message = `found the ${COLUMN_NOUNS[column]} ${stored} twice, wanted it once: remove one`
      return fault(context, place, message)
    }
    seen.add(stored)
    return [stored]
  })
  if (read === missing) return missing
  const possible = read.flat()
  if (possible.length > 0 || names.length === 0) return possible
  const message = `found no ${COLUMN_NOUNS[column]} that is possible with this runtime, wanted at least one: \`tfe upstream catalogue\` shows what there is`
  return fault(context, path, message, 'key')
}

function faultPath(fault: SelectionFault, path: Path, written: WrittenSelection): Path {
  const key = keyOf(fault)
  return written[key] === undefined ? path : [...path, key]
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
function warnOfWeakness(
  context: ReadContext,
  path: Path,
  { selection, dangers }: { selection: Selection; dangers: Danger[] },
): void {
  const notices = selectionNotices(selection, runtimeCatalogue())
  const weak = notices.flatMap((one) => (one.kind === 'weak-protocol' ? [one.name] : []))
  if (weak.length > 0) {
    const place = [...path, 'protocols']
    const where = { protocols: weak, at: locationOf(context, place) }
    const danger = weakUpstreamProtocol(String(path[1]), where)
    dangers.push(danger)
    warn(context, place, danger.sentence)
  }
  for (const one of notices) {
    if (one.kind === 'weak-protocol' || !context.text.has([...path, 'ciphers'])) continue
    warn(context, [...path, 'ciphers'], `found ${explainSelectionNotice(one)}`)
  }
}
