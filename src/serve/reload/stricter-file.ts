/**
 * What a reload does not take of a file that has become stricter than the store (decision 30): nothing of it would be
 * stored, so that the next start of another replica, or the line's end, would let devices in again. A start takes it.
 */
import type { Config } from '../../config/config.ts'
import type { CrlSource, EnrollmentSetting } from '../../config/trust/types.ts'
import { shellWord } from '../../kernel/shell-word.ts'
import type { Fault } from '../../kernel/types.ts'
import type { FileDifference } from '../../state/file-difference.ts'
import { fileDifferences } from '../../state/file-differences.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import { placeOf, placeText } from '../../trust/list-source.ts'

/** The file in force, and what it amounts to. */
export interface FileInForce {
  readonly config: Config
  readonly compiled: Pick<CompiledConfig, 'config'>
}

/** One fault for each word of the next file that would narrow what the store says, or lose what is in force. */
export function stricterFileFaults(
  before: FileInForce,
  next: { readonly config: Config; readonly compiled: CompiledConfig },
  rules: StoreRules | undefined,
): readonly Fault[] {
  // The file is all there is.
  if (rules === undefined) return []
  const known = fileDifferences(before.config, rules).filter(({ holds }) => holds)
  const stricter = next.compiled.differences.filter(
    (one) => one.holds && !known.some((old) => isAsStrict(old, one)),
  )
  return [
    ...stricter.map(stricterFault),
    ...lostSettings(before.config, next),
    ...lostLists(before.compiled.config, next.compiled.config),
  ]
}

const isAsStrict = (old: FileDifference, next: FileDifference): boolean =>
  old.kind === next.kind &&
  old.subject === next.subject &&
  (next.until === undefined
    ? old.file === next.file
    : old.until !== undefined && old.until <= next.until)

function stricterFault({ at, file, store, nextStep }: FileDifference): Fault {
  const message = `found ${file}, which is stricter than what the store says (${store}), and a reload does not store it: ${nextStep}; a start with this file holds it, unstored`
  return { at, message }
}

/** Taking a setting out of the file takes nothing out of the store. */
function lostSettings(
  before: Config,
  { config, compiled }: { readonly config: Config; readonly compiled: CompiledConfig },
): readonly Fault[] {
  const names = namesIn(config)
  const inForce = compiled.config.trust.enrollmentSettings.filter(
    ({ standing }) => standing.kind !== 'distrusted',
  )
  return before.trust.enrollmentSettings.flatMap(({ name }) => {
    const stored = inForce.find((one) => one.name === name)
    if (names.has(name) || stored === undefined) return []
    const message = `found no enrollment setting ${name}, which is in force (${stored.standing.kind}) and stays so: keep it in the file, or run \`tfe ca remove ${shellWord(name)}\` first`
    return [{ at: config.file, message }]
  })
}

const namesIn = ({ trust }: Config): ReadonlySet<string> =>
  new Set([...trust.enrollmentSettings, ...trust.removed].map(({ name }) => name))

function lostLists(before: Config, next: Config): readonly Fault[] {
  return before.trust.enrollmentSettings.flatMap((old) => {
    const now = next.trust.enrollmentSettings.find(({ name }) => name === old.name)
    if (now === undefined || now.standing.kind === 'distrusted') return []
    const places = listsOf(now).map(placeOf)
    return listsOf(old)
      .filter((list) => !places.includes(placeOf(list)))
      .map((list) => ({
        at: now.at,
        message: `found no revocation list ${placeText(list)} for ${old.name}, which is in force: what it revokes would be admitted again; keep it, or start again with this file`,
      }))
  })
}

const listsOf = ({ crl }: EnrollmentSetting): readonly CrlSource[] => crl?.lists ?? []
