/**
 * The help pages, written from the catalogue.
 */
import { CATALOGUE, type CommandName } from './command-specs.ts'
import { FORMATS } from './headers/formats.ts'
import type { Terminal } from './terminal.ts'
import { twoColumns, wrapText, indented } from './text-layout.ts'
import type { Argument, CommandEntry } from './command-spec.ts'

type Paint = Terminal['paint']

/** What `tfe --help` prints. */
export function overview(paint: Paint): string {
  return [
    `${paint('bold', 'tfe')}: the Trusted Front End. Ends the mutual TLS of devices in front of an MDM server,`,
    'judges their certificates, and forwards over strict TLS what may pass.',
    '',
    paint('bold', 'Usage'),
    '  tfe COMMAND [ARGUMENT...] [--OPTION VALUE...]',
    '',
    paint('bold', 'Commands'),
    ...twoColumns(
      Object.entries(CATALOGUE).map(([name, { summary }]) => [paint('code', name), summary]),
    ),
    '',
    paint('bold', 'A first minute'),
    ...twoColumns([
      [paint('code', 'tfe demo'), 'a complete demonstration on this machine'],
      [paint('code', 'tfe check config/epmm.yaml'), 'what a configuration would do'],
      [paint('code', 'tfe help explain'), 'the page of one command'],
    ]),
    '',
    paint('bold', 'Exit codes'),
    ...twoColumns(EXIT_CODES),
    '',
    paint('bold', 'Environment'),
    ...twoColumns([
      ['NO_COLOR', 'no colours; there are none either when output is not a terminal'],
      ['TFE_ADMIN_URL, TFE_ADMIN_TOKEN', 'where the admin API is, and the token to call it with'],
      ['TFE_DEBUG=1', 'stack traces of failures that are bugs'],
    ]),
    '',
  ].join('\n')
}

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'fine: served and ended as asked, no fault found, admitted'],
  ['1', 'the answer is no: faults in the configuration, certificate refused, file unreadable'],
  ['2', 'used wrongly: unknown command or option, something missing'],
  [
    '3',
    'could not start or reach: a port is taken, the TLS runtime is unfit, the admin API does not answer',
  ],
  ['70', 'a bug in tfe; please report it'],
]

/** What `tfe help COMMAND` prints. */
export function helpPage(name: CommandName, paint: Paint): string {
  const entry: CommandEntry = CATALOGUE[name]
  const options = Object.entries(entry.options)
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [paint('bold', title), ...lines, '']
  return [
    `${paint('bold', `tfe ${name}`)}: ${entry.summary}`,
    '',
    ...section('Usage', [`  ${usage(name)}`]),
    ...wrapText(entry.about, 96),
    '',
    ...section('Arguments', twoColumns(entry.takes.map((one) => [one.name, one.sentence]))),
    ...section(
      'Actions',
      twoColumns(
        Object.entries(entry.actions ?? {}).map(([action, { takes, sentence }]) => [
          [action, ...takes.map(argument)].join(' '),
          sentence,
        ]),
      ),
    ),
    ...section(
      'Options',
      twoColumns(
        options.map(([option, { value, sentence, needed }]) => [
          paint('code', `--${option}${value === undefined ? '' : ` ${value}`}`),
          `${sentence}${needed === true ? '; needed' : ''}`,
        ]),
      ),
    ),
    ...(name === 'headers'
      ? section('Formats', twoColumns(FORMATS.map((one) => [one.name, one.readers])))
      : []),
    ...section('Examples', indented(entry.examples)),
  ].join('\n')
}

/** One line: `tfe explain CERT.pem --config FILE [--at TIME] …`. */
export function usage(name: CommandName): string {
  const entry: CommandEntry = CATALOGUE[name]
  const words = Object.entries(entry.options).map(([option, { value, needed }]) => {
    const text = `--${option}${value === undefined ? '' : ` ${value}`}`
    return needed === true ? text : `[${text}]`
  })
  const takes = name === 'help' ? ['[COMMAND]'] : entry.takes.map(argument)
  // A command with actions has options for each: the page below lists them.
  const options = entry.actions === undefined ? words : ['[--OPTION VALUE...]']
  return ['tfe', name, ...takes, ...options].join(' ')
}

function argument({ name, optional, many }: Argument): string {
  const text = many === true ? `${name}...` : name
  return optional === true ? `[${text}]` : text
}
