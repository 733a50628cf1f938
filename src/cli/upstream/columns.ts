/**
 * The columns of the page for a terminal and for programs: what is selected, what is available, what is the default
 * (S3-03 colours it), what is weak and why, and what this runtime cannot do.
 */
import { countText } from '../../kernel/count-text.ts'
import type {
  Catalogue,
  Column,
  CatalogueItem,
  TlsPreset,
  Selection,
} from '../../upstream-tls/catalogue.ts'
import { COLUMNS } from '../../upstream-tls/catalogue.ts'
import { explainSelectionNotice } from '../../upstream-tls/explain-selection.ts'
import { selectionNotices, type SelectionNotice } from '../../upstream-tls/selection.ts'
import type { TlsVersion } from '../../upstream-tls/suite.ts'
import { padded } from '../text-layout.ts'
import type { Terminal } from '../terminal.ts'

/** An upstream as this page needs it. */
export interface ListedUpstream {
  readonly name: string
  /** `undefined` for one that is called without TLS. */
  readonly tls:
    | {
        readonly preset: TlsPreset
        readonly mode: 'default' | 'custom'
        readonly selection: Selection
      }
    | undefined
}

/** The rows of one column, each in the list where it stands. */
function columnLists(
  column: Column,
  { preset, selection }: NonNullable<ListedUpstream['tls']>,
  catalogue: Catalogue,
) {
  const selected: readonly string[] = selection[column]
  const defaults: readonly string[] = catalogue.defaults[preset][column]
  const items = catalogue.items[column]
  return {
    selected: selected.flatMap((name) => items.filter((one) => one.name === name)),
    available: items.filter((one) => one.impossible === undefined && !selected.includes(one.name)),
    impossible: items.filter((one) => one.impossible !== undefined),
    default: defaults,
  }
}

/** For programs. */
export function columnsJson(
  upstreams: readonly ListedUpstream[],
  catalogue: Catalogue,
): readonly object[] {
  return upstreams.map(({ name, tls }) =>
    tls === undefined
      ? { upstream: name, tls: false }
      : {
          upstream: name,
          tls: true,
          preset: tls.preset,
          mode: tls.mode,
          ...Object.fromEntries(
            COLUMNS.map((column) => [column, columnLists(column, tls, catalogue)] as const),
          ),
          notices: selectionNotices(tls.selection, catalogue).map(explainSelectionNotice),
        },
  )
}

/** For people. */
export function columnsText(
  upstreams: readonly ListedUpstream[],
  catalogue: Catalogue,
  terminal: Terminal,
): string {
  const reasons = new ReasonNotes()
  const pages = upstreams.flatMap(({ name, tls }) => [
    terminal.paint('bold', name),
    ...(tls === undefined
      ? ['  is called without TLS: no selection has an effect here', '']
      : upstreamLines(tls, catalogue, { terminal, reasons })),
  ])
  const legend = [
    `${terminal.paint('code', '*')} default of the preset; 1.3, 1.2, 1.0+, all: the protocols that can use it`,
    ...reasons.all.map((reason, index) => `${terminal.paint('warn', `!${index + 1}`)} ${reason}`),
  ]
  return `${[...pages, ...legend].join('\n')}\n`
}

/** Names are in the list below, with their marks. */
function shortened(notice: SelectionNotice): string {
  return notice.kind === 'weak-suites'
    ? `${countText(notice.names.length, 'selected suite')} with ${notice.why}`
    : explainSelectionNotice(notice)
}

interface RenderContext {
  readonly terminal: Terminal
  readonly reasons: ReasonNotes
}

function upstreamLines(
  tls: NonNullable<ListedUpstream['tls']>,
  catalogue: Catalogue,
  render: RenderContext,
): readonly string[] {
  const radio =
    tls.mode === 'default'
      ? `Use Default Cipher Suites and Protocols (recommended): those of ${tls.preset}`
      : `Use Custom Configuration; the default would be that of ${tls.preset}`
  const columns = COLUMNS.flatMap((column) => {
    const lists = columnLists(column, tls, catalogue)
    return [
      '',
      `  ${render.terminal.paint('bold', TITLES[column])}`,
      ...rows('Selected', lists.selected, { ...render, defaults: lists.default }),
      ...rows('Available', lists.available, { ...render, defaults: lists.default }),
      ...rows('Impossible with this runtime', lists.impossible, { ...render, defaults: [] }),
    ]
  })
  const warnings = selectionNotices(tls.selection, catalogue).map(
    (notice) => `  ${render.terminal.paint('warn', 'warning')}: ${shortened(notice)}`,
  )
  return [`  ${radio}`, ...warnings, ...columns, '']
}

function rows(
  title: string,
  items: readonly CatalogueItem[],
  { terminal, reasons, defaults }: RenderContext & { readonly defaults: readonly string[] },
): readonly string[] {
  if (items.length === 0) return []
  const width = Math.max(...items.map(({ name }) => name.length))
  return [
    `    ${title}`,
    ...items.map((item) => {
      const isDefault = defaults.includes(item.name)
      const reason = item.impossible ?? item.weak
      const marks = [
        padded(isDefault ? terminal.paint('code', '*') : '', 1),
        padded(reason === undefined ? '' : terminal.paint('warn', `!${reasons.number(reason)}`), 3),
        padded(protocolRange(item), 4),
      ]
      const other = item.standardName === item.name ? '' : item.standardName
      const name = padded(isDefault ? terminal.paint('code', item.name) : item.name, width)
      return `      ${marks.join(' ')} ${name}  ${other}`.trimEnd()
    }),
  ]
}

/** The protocols of a suite or group in four letters; a protocol is its own name. */
function protocolRange({ protocols, name }: CatalogueItem): string {
  const [newest] = protocols
  if (newest === undefined || newest === name) return ''
  if (newest === 'TLSv1.3') return protocols.length === 1 ? '1.3' : 'all'
  const first: TlsVersion | undefined = protocols.at(-1)
  return first === 'TLSv1' ? '1.0+' : '1.2'
}

/** Reasons are long and few: each is told once, under a number. */
class ReasonNotes {
  readonly all: string[] = []

  number(reason: string): number {
    const known = this.all.indexOf(reason)
    return known >= 0 ? known + 1 : this.all.push(reason)
  }
}

const TITLES = {
  protocols: 'Protocols',
  suites: 'Cipher suites, preferred first',
  groups: 'Key exchange groups, preferred first',
} as const
