/** `tfe upstream-tls list` and `show`: what upstreams are called with, beside what is drafted. */
import type { CommandResult } from '../../command-environment.ts'
import { dayCell, formatTable, sentenceText, type Cell, type View } from '../../table.ts'
import { replaceControlCharacters } from '../../text-layout.ts'
import type { Terminal } from '../../terminal.ts'
import type { CommandContext, Line } from '../command-context.ts'
import {
  COLUMNS,
  upstreamPath,
  type TlsSettings,
  type TlsState,
  type TlsWarning,
} from './settings.ts'

interface UpstreamItem {
  readonly name: string
  readonly servers: readonly string[]
  readonly preset: string | null
  readonly locked: boolean
}

/** Lists the upstreams, and who chose what they are called with. */
export const list = (context: CommandContext): Promise<CommandResult> =>
  context.show<{ readonly items: readonly UpstreamItem[] }>('/api/upstreams', ({ items }, view) =>
    formatTable(
      ['UPSTREAM', 'SERVERS', 'PRESET', 'SELECTION'],
      items.map((it) => [
        it.name,
        it.servers.join(' '),
        it.preset ?? 'called without TLS',
        selectionText(it),
      ]),
      view,
    ),
  )

function selectionText({ preset, locked }: UpstreamItem): string | null {
  if (preset === null) return null
  return locked ? 'set by the configuration file' : 'can be set here'
}

/** Shows what one upstream is called with, its draft, and what applying that would change. */
export const show = (context: CommandContext): Promise<CommandResult> =>
  context.show<TlsSettings>(upstreamPath(context, '/tls'), (settings, view) =>
    settingsLines(settings, view, context.terminal),
  )

function settingsLines(settings: TlsSettings, view: View, terminal: Terminal): readonly Line[] {
  const { upstream, preset, locked, report } = settings
  const file =
    locked.length === 0
      ? 'the configuration file states nothing'
      : `the configuration file states ${locked.join(', ')}`
  return [
    replaceControlCharacters(`${upstream}: preset ${preset}; ${file}`),
    ...report.map((text) => sentenceText(`note: ${text}`, view)),
    '',
    ...formatTable(['SETTING', 'APPLIED', 'DRAFT', 'DEFAULT'], settingRows(settings), view),
    ...COLUMNS.flatMap((column) => ['', ...columnLines(settings, column, view)]),
    ...certificateLines(settings, view),
    '',
    ...changeLines(settings, terminal),
  ]
}

const settingRows = ({ applied, draft, default: usual }: TlsSettings): readonly Cell[][] =>
  (
    [
      ['mode', ({ mode }) => mode],
      ['strict TLS', ({ strict }) => onOff(strict)],
      ['allow and log', (it) => onOff(it.allow_and_log)],
      ['default trust store', (it) => it.default_store],
      ['custom trust store', (it) => onOff(it.custom_store.enabled)],
      ['SNI', ({ sni }) => sni],
    ] as const satisfies readonly (readonly [string, (it: TlsState) => string])[]
  ).map(([name, valueOf]) => [name, valueOf(applied), valueOf(draft), valueOf(usual)])

const onOff = (isOn: boolean): string => (isOn ? 'on' : 'off')

const HEADS = {
  protocols: 'PROTOCOL',
  suites: 'CIPHER SUITE',
  groups: 'GROUP',
} as const

/** What the draft selects, preferred first, then what else can be selected; the numbers are places. */
function columnLines(
  settings: TlsSettings,
  column: (typeof COLUMNS)[number],
  view: View,
): readonly string[] {
  const { applied, draft, default: usual, catalogue } = settings
  const place = (names: readonly string[], name: string): number | null =>
    names.includes(name) ? names.indexOf(name) + 1 : null
  const rank = (name: string): number =>
    place(draft[column], name) ?? place(applied[column], name) ?? Infinity
  const items = catalogue[column].toSorted((one, other) => rank(one.name) - rank(other.name) || 0)
  return formatTable(
    [HEADS[column], 'STANDARD NAME', 'APPLIED', 'DRAFT', 'DEFAULT', 'WEAK'],
    items.map(({ name, standard_name: standard, weak }) => [
      name,
      standard,
      place(applied[column], name),
      place(draft[column], name),
      place(usual[column], name),
      weak,
    ]),
    view,
  )
}

function certificateLines({ applied, draft }: TlsSettings, view: View): readonly string[] {
  const all = [...draft.custom_store.certificates, ...applied.custom_store.certificates]
  const distinct = new Map(all.map((it) => [it.sha256, it]))
  if (distinct.size === 0) return []
  const has = ({ custom_store: store }: TlsState, sha256: string): string =>
    store.certificates.some((it) => it.sha256 === sha256) ? 'yes' : 'no'
  return [
    '',
    ...formatTable(
      ['CUSTOM TRUST STORE', 'ENDS', 'APPLIED', 'DRAFT', 'SHA-256'],
      [...distinct].map(([sha256, it]) => [
        it.subject,
        dayCell(it.not_after),
        has(applied, sha256),
        has(draft, sha256),
        sha256,
      ]),
      view,
    ),
  ]
}

/** What applying the draft would change, and what has to be acknowledged for that. */
export const changeLines = (
  { changed, changes, warnings }: TlsSettings,
  terminal: Terminal,
): readonly Line[] => [
  changed ? 'the draft would change:' : 'the draft changes nothing',
  ...changes.map((text) => sentenceText(`- ${text}`, terminal)),
  ...warnings.map((it) => warningLine(it, terminal)),
]

function warningLine({ code, text, dangerous }: TlsWarning, terminal: Terminal): Line {
  const { paint } = terminal
  const mark = dangerous ? paint('bad', 'DANGEROUS') : paint('warn', 'warning')
  return { painted: `${mark} ${sentenceText(`${code}: ${text}`, terminal)}` }
}
