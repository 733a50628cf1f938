/**
 * What the demonstration says of itself when it is up.
 */
import { join } from 'node:path'
import type { TextStyle } from './readable-log.ts'
import type { Ports } from './ports.ts'
import { shellWord, examples, TOKEN_FILE, type Example } from './examples.ts'

/** What the welcome speaks about; paths are relative to the folder that people paste in. */
export interface WelcomeContext {
  readonly folder: string
  readonly configuration: string
  /** How `tfe` is called from there. */
  readonly tfe: string
  readonly ports: Ports
  /** SHA-256 of the public key of `devices/current`. */
  readonly key: string
}

/** The picture, the things to try, and where to look further. */
export function welcome(context: WelcomeContext, style: TextStyle): string {
  const { paint, signs } = style
  const { folder, configuration, tfe, ports } = context
  const groups = examples({
    folder,
    port: ports.frontEnd,
    adminPort: ports.admin,
    key: context.key,
  })
  const width = Math.max(
    ...groups.flatMap(({ examples }) => examples.map(({ what }) => what.length)),
  )
  const exampleText = ({ what, command, status, outcome }: Example): string =>
    [
      `  ${what.padEnd(width)}  ${signs.arrow} ${paint(status > 0 && status < 400 ? 'good' : 'bad', String(status).padStart(3, '0'))} ${outcome}`,
      `  ${paint('code', command)}`,
      '',
    ].join('\n')
  const explain = [
    `${tfe} explain ${shellWord(join(folder, 'devices/unknown-ca.pem'))}`,
    `--config ${shellWord(configuration)} --route /mdm/checkin`,
  ].join(' ')
  return [
    `${paint('bold', 'The Trusted Front End is up')}: a device, the front end, and an MDM server that shows what it is told.`,
    '',
    picture(ports, style),
    '',
    `${paint('bold', 'Things to try')}, in another terminal in this folder. Watch here what the front end makes of them.`,
    '',
    ...groups.flatMap(({ title, examples }) => [
      paint('bold', title),
      '',
      ...examples.map(exampleText),
    ]),
    paint('bold', 'The same with `tfe`, once its device has checked in'),
    '',
    ...administration(context).map((line) => `  ${paint('code', line)}`),
    '',
    paint('bold', 'Look further'),
    '',
    `  why a device is refused, step by step`,
    `  ${paint('code', explain)}`,
    '',
    `  metrics    http://127.0.0.1:${ports.metrics}/metrics`,
    `  readiness  http://127.0.0.1:${ports.metrics}/readyz`,
    `  admin API  http://127.0.0.1:${ports.admin}/api/openapi.json`,
    `  served by  ${configuration}`,
    '',
    `${paint('bold', 'Ctrl-C')} ends everything. The next start reuses ${folder}.`,
    '',
  ].join('\n')
}

/** Lines that block a device and let it in again; the token stays in the shell that they are pasted into. */
const administration = ({ folder, tfe, ports }: WelcomeContext): readonly string[] => [
  `export TFE_ADMIN_URL=http://127.0.0.1:${ports.admin} TFE_ADMIN_TOKEN="$(cat ${shellWord(join(folder, TOKEN_FILE))})"`,
  `${tfe} devices list`,
  `${tfe} devices block current`,
  `${tfe} devices unblock current`,
]

function picture({ frontEnd, upstream }: Ports, { paint, signs }: TextStyle): string {
  const drawn = signs.arrow === '→'
  const [tl, tr, bl, br, side, flat, head] = drawn
    ? ['┌', '┐', '└', '┘', '│', '─', '▶']
    : ['+', '+', '+', '+', '|', '-', '>']
  const boxes = [
    ['device', 'curl'],
    ['Trusted Front End', `localhost:${frontEnd}`],
    ['demo MDM', `localhost:${upstream}`],
  ] as const
  const links = [
    ['mutual TLS', ''],
    ['strict TLS', '+ who it is'],
  ] as const
  const line = (cells: readonly string[], gaps: readonly string[]): string =>
    `  ${cells.map((cell, index) => cell + (gaps[index] ?? '')).join('')}`
  const inside = boxes.map(([name, where]) => Math.max(name.length, where.length) + 2)
  const centred = (text: string, width: number): string => {
    const left = Math.floor((width - text.length) / 2)
    return ' '.repeat(left) + text + ' '.repeat(width - text.length - left)
  }
  const GAP = 15
  const row = (which: 0 | 1, style: 'bold' | 'dim'): readonly string[] =>
    boxes.map(
      (box, index) => `${side}${paint(style, centred(box[which], inside[index] ?? 0))}${side}`,
    )
  const edge = (left: string, right: string): readonly string[] =>
    inside.map((width) => left + flat.repeat(width) + right)
  const blank = [' '.repeat(GAP), ' '.repeat(GAP)]
  return [
    line(
      edge(tl, tr),
      links.map(([above]) => centred(above, GAP)),
    ),
    line(
      row(0, 'bold'),
      links.map(() => ` ${flat.repeat(GAP - 3)}${head} `),
    ),
    line(
      row(1, 'dim'),
      links.map(([, below]) => centred(below, GAP)),
    ),
    line(edge(bl, br), blank),
  ].join('\n')
}
