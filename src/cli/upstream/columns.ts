/**
 * The columns of the page for a terminal and for programs: what is selected, what is available, what is the default
 * (S3-03 colours it), what is weak and why, and what this runtime cannot do.
 */
import type { Catalogue, Column, Item, Preset, Selection } from '../../upstream-tls/catalogue.ts'
import { COLUMNS } from '../../upstream-tls/catalogue.ts'
import { explainNotice } from '../../upstream-tls/explain-selection.ts'
import { selectionNotices, type SelectionNotice } from '../../upstream-tls/selection.ts'
import type { TlsVersion } from '../../upstream-tls/suite.ts'
import { padded } from '../text-layout.ts'
import { counted } from '../format-time.ts'
import type { Terminal } from '../terminal.ts'

/** An upstream as this page needs it. */
export interface Shown {
  readonly name: string
  /** `undefined` for one that is called without TLS. */
  readonly tls:
    | {
        readonly preset: Preset
        readonly mode: 'default' | 'custom'
        readonly selection: Selection
      }
    | undefined
}

/** The rows of one column, each in the list where it stands. */
function listsOf(
  column: Column,
  { preset, selection }: NonNullable<Shown['tls']>,
  catalogue: Catalogue,
) {
  const selected: readonly string[] = selection[column]
  const ours: readonly string[] = catalogue.defaults[preset][column]
  const items = catalogue.items[column]
  return {
    selected: selected.flatMap((name) => items.filter((one) => one.name === name)),
    available: items.filter((one) => one.impossible === undefined && !selected.includes(one.name)),
    impossible: items.filter((one) => one.impossible !== undefined),
    default: ours,
  }
}

/** For programs. */
export function columnsJson(upstreams: readonly Shown[], catalogue: Catalogue): readonly object[] {
  return upstreams.map(({ name, tls }) =>
    tls === undefined
      ? { upstream: name, tls: false }
      : {
          upstream: name,
          tls: true,
          preset: tls.preset,
          mode: tls.mode,
          ...Object.fromEntries(
            COLUMNS.map((column) => [column, listsOf(column, tls, catalogue)] as const),
          ),
          notices: selectionNotices(tls.selection, catalogue).map(explainNotice),
        },
  )
}

/** For people. */
export function columnsText(
  upstreams: readonly Shown[],
  catalogue: Catalogue,
  terminal: Terminal,
): string {
  const reasons = new Reasons()
  const pages = upstreams.flatMap(({ name, tls }) => [
    terminal.paint('bold', name),
    ...(tls === undefined
      ? ['  is called without TLS: no selection has an effect here', '']
      : pageOf(tls, catalogue, { terminal, reasons })),
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
    ? `${counted(notice.names.length, 'selected suite')} with ${notice.why}`
    : explainNotice(notice)
}

interface Easel {
  readonly terminal: Terminal
  readonly reasons: Reasons
}

function pageOf(
  tls: NonNullable<Shown['tls']>,
  catalogue: Catalogue,
  easel: Easel,
): readonly string[] {
  const radio =
    tls.mode === 'default'
      ? `Use Default Cipher Suites and Protocols (recommended): those of ${tls.preset}`
      : `Use Custom Configuration; the default would be that of ${tls.preset}`
  const columns = COLUMNS.flatMap((column) => {
    const lists = listsOf(column, tls, catalogue)
    return [
      '',
      `  ${easel.terminal.paint('bold', TITLES[column])}`,
      ...rows('Selected', lists.selected, { ...easel, ours: lists.default }),
      ...rows('Available', lists.available, { ...easel, ours: lists.default }),
      ...rows('Impossible with this runtime', lists.impossible, { ...easel, ours: [] }),
    ]
  })
  const warnings = selectionNotices(tls.selection, catalogue).map(
    (notice) => `  ${easel.terminal.paint('warn', 'warning')}: ${shortened(notice)}`,
  )
  return [`  ${radio}`, ...warnings, ...columns, '']
}

function rows(
  title: string,
  items: readonly Item[],
  { terminal, reasons, ours }: Easel & { readonly ours: readonly string[] },
): readonly string[] {
  if (items.length === 0) return []
  const width = Math.max(...items.map(({ name }) => name.length))
  return [
    `    ${title}`,
    ...items.map((item) => {
      const isDefault = ours.includes(item.name)
      const reason = item.impossible ?? item.weak
      const marks = [
        padded(isDefault ? terminal.paint('code', '*') : '', 1),
        padded(reason === undefined ? '' : terminal.paint('warn', `!${reasons.number(reason)}`), 3),
        padded(shortly(item), 4),
      ]
      const other = item.standardName === item.name ? '' : item.standardName
      const name = padded(isDefault ? terminal.paint('code', item.name) : item.name, width)
      return `      ${marks.join(' ')} ${name}  ${other}`.trimEnd()
    }),
  ]
}

/** The protocols of a suite or group in four letters; a protocol is its own name. */
function shortly({ protocols, name }: Item): string {
  const [newest] = protocols
  if (newest === undefined || newest === name) return ''
  if (newest === 'TLSv1.3') return protocols.length === 1 ? '1.3' : 'all'
  const first: TlsVersion | undefined = protocols.at(-1)
  return first === 'TLSv1' ? '1.0+' : '1.2'
}

/** Reasons are long and few: each is told once, under a number. */
class Reasons {
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
