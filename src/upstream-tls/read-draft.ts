/**
 * Reads the whole state of a draft as it was sent: mode, columns, strict TLS, trust and SNI. What is left out follows
 * the default, and everything that is wrong is told at once, with its place. Nothing takes effect (S3-20).
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import { COLUMNS, findItem, type Catalogue, type Column, type Selection } from './catalogue.ts'
import { readCertificates, type CertificateFault } from './custom-certificates.ts'
import { sameSelection, selectionFaults, type SelectionFault } from './selection.ts'
import {
  verificationChanges,
  choiceFaults,
  VERIFICATION_SETTINGS,
  type FileTlsSettings,
  type ServerNameIndication,
  type Verification,
  type VerificationFault,
  type VerificationOverrides,
  type VerificationSetting,
} from './verification.ts'
import type { SettingsContext, TlsDraft } from './settings-types.ts'

/** The state of a draft as it is sent; undefined follows the default. */
export interface DraftInput {
  readonly mode: TlsDraft['mode']
  /** Names in either spelling; with the mode `default` they mean nothing, and are kept. */
  readonly columns: Readonly<Record<Column, readonly string[] | undefined>>
  readonly verification: {
    readonly [Setting in Exclude<VerificationSetting, 'sni'>]: Verification[Setting] | undefined
  } & {
    /** `off`, `on` or a host name. */
    readonly sni: string | undefined
  }
}

/** Why a draft is not taken. */
export type DraftFault =
  | SelectionFault
  | VerificationFault
  | CertificateFault
  | { readonly kind: 'set-by-configuration-file'; readonly what: VerificationSetting | 'selection' }
  | { readonly kind: 'server-name-malformed'; readonly name: string }

/** A fault and the part of the draft that it is in. */
export interface PlacedFault {
  readonly at: 'mode' | Column | VerificationSetting
  readonly fault: DraftFault
}

/**
 * Returns the draft that takes the place of `before`. What the file states may be left out or repeated; a choice that
 * waits behind it is kept where it is repeated, and given up where it is left out.
 */
export function readDraft(
  before: TlsDraft,
  input: DraftInput,
  context: SettingsContext,
): Result<TlsDraft, readonly PlacedFault[]> {
  const { catalogue, file } = context
  const selection = readSelection(input.columns, context)
  const { chosen, faults: settingFaults } = readOverrides(before.chosen, input.verification, file)
  const faults = [
    ...(file.selection === undefined
      ? placedSelectionFaults(selection, input.mode, catalogue)
      : lockedSelectionFaults({ before, input, stated: file.selection, selection })),
    ...settingFaults,
    // Whether a store is empty is not known while what was uploaded to it cannot be read.
    ...(settingFaults.some(({ at }) => at === 'customStore')
      ? []
      : choiceFaults(chosen, file).map((fault) => ({
          at:
            fault.kind === 'empty-trust-store'
              ? ('defaultStore' as const)
              : ('allowAndLog' as const),
          fault,
        }))),
  ]
  if (faults.length > 0) return fail(faults)
  return ok(
    file.selection === undefined ? { mode: input.mode, selection, chosen } : { ...before, chosen },
  )
}

/** The columns in the spelling that is stored; a name that is not found stays as it is, for the fault. */
function readSelection(
  columns: DraftInput['columns'],
  { catalogue, preset, file }: SettingsContext,
): Selection {
  const usual = file.selection ?? catalogue.defaults[preset]
  const names = (column: Column): readonly string[] =>
    columns[column]?.map((name) => {
      const found = findItem(catalogue, column, name)
      return found.kind === 'offered' ? found.item.name : name
    }) ?? usual[column]
  return {
    // A name that is none of them is told as `unknown-name`.
    protocols: names('protocols') as Selection['protocols'],
    suites: names('suites'),
    groups: names('groups'),
  }
}

/** With the default chosen only the names have to be right: the columns mean nothing (S3-20). */
const placedSelectionFaults = (
  selection: Selection,
  mode: TlsDraft['mode'],
  catalogue: Catalogue,
): readonly PlacedFault[] =>
  selectionFaults(selection, catalogue)
    .filter(({ kind }) => mode === 'custom' || NAME_FAULTS.has(kind))
    .map((fault) => ({ at: 'column' in fault ? fault.column : COLUMN_OF[fault.kind], fault }))

const NAME_FAULTS: ReadonlySet<SelectionFault['kind']> = new Set([
  'unknown-name',
  'impossible-here',
  'selected-twice',
])

const COLUMN_OF = {
  'hello-without-tlsv1': 'protocols',
  'protocol-gap': 'protocols',
  'no-suite': 'suites',
  'no-group': 'groups',
} as const

interface LockedSelection {
  readonly before: TlsDraft
  readonly input: DraftInput
  readonly stated: Selection
  readonly selection: Selection
}

function lockedSelectionFaults({
  before,
  input,
  stated,
  selection,
}: LockedSelection): readonly PlacedFault[] {
  const other = COLUMNS.filter(
    (column) => !sameSelection(stated, { ...stated, [column]: selection[column] }),
  )
  const places = [...(input.mode === before.mode ? [] : ['mode' as const]), ...other]
  return places.map((at) => ({
    at,
    fault: { kind: 'set-by-configuration-file', what: 'selection' },
  }))
}

interface ReadOverrides {
  readonly chosen: VerificationOverrides
  readonly faults: readonly PlacedFault[]
}

/** What differs from the default; what equals it is no choice, and follows it. */
function readOverrides(
  before: VerificationOverrides,
  input: DraftInput['verification'],
  file: FileTlsSettings,
): ReadOverrides {
  const sni = input.sni === undefined ? ok(undefined) : readSni(input.sni)
  const certificates = readCertificates(input.customStore?.certificates ?? [])
  const sent = {
    ...input,
    sni: sni.ok ? sni.value : undefined,
    customStore:
      input.customStore && certificates.ok
        ? { ...input.customStore, certificates: certificates.value }
        : undefined,
  }
  const usual = withStoredSpelling(file.verification)
  const locked: PlacedFault[] = []
  const choices = VERIFICATION_SETTINGS.flatMap((setting) => {
    const value = sent[setting]
    if (value === undefined) return []
    const isLocked = file.stated.includes(setting)
    const isDefault = verificationChanges(usual, { ...usual, [setting]: value }).length === 0
    if (isLocked && !isDefault) {
      locked.push({ at: setting, fault: { kind: 'set-by-configuration-file', what: setting } })
    }
    const choice = isLocked ? before[setting] : isDefault ? undefined : value
    return choice === undefined ? [] : [[setting, choice] as const]
  })
  return {
    chosen: Object.fromEntries(choices),
    faults: [
      ...locked,
      ...(certificates.ok ? [] : placed('customStore', certificates.failure)),
      ...(sni.ok ? [] : placed('sni', sni.failure)),
    ],
  }
}

const placed = (at: PlacedFault['at'], faults: readonly DraftFault[]): readonly PlacedFault[] =>
  faults.map((fault) => ({ at, fault }))

/** A file's certificates are compared as an upload is stored, whatever stands between them there. */
function withStoredSpelling(verification: Verification): Verification {
  const { enabled, certificates } = verification.customStore
  const read = readCertificates(certificates)
  return read.ok
    ? { ...verification, customStore: { enabled, certificates: read.value } }
    : verification
}

/**
 * The server name to send. As a configuration would read it, but for addresses, which SNI cannot carry (RFC 6066 §3).
 */
function readSni(written: string): Result<ServerNameIndication, readonly DraftFault[]> {
  if (written === 'off' || written === 'on') return ok({ kind: written })
  const name = written.toLowerCase().replace(/\.$/, '')
  const isName = name.length <= 253 && name.split('.').every((label) => LABEL.test(label))
  return isName && !/(?:^|\.)[0-9]+$/.test(name)
    ? ok({ kind: 'name', name })
    : fail([{ kind: 'server-name-malformed', name: written }])
}

/** RFC 1123 §2.1; the underscore is what some internal names have all the same. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
