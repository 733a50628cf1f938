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
  /** In what the store differs from a new one, for which alone the promises hold. */
  readonly differences: readonly string[]
}

/** The picture, the things to try, and where to look further. */
export function welcome(context: WelcomeContext, style: TextStyle): string {
  const { paint } = style
  const { folder, configuration, tfe, ports } = context
  const explain = [
    `${tfe} explain ${shellWord(join(folder, 'devices/unknown-ca.pem'))}`,
    `--config ${shellWord(configuration)} --route /mdm/checkin`,
  ].join(' ')
  return [
    `${paint('bold', 'The Trusted Front End is up')}: a device, the front end, and an MDM server that shows what it is told.`,
    '',
    picture(ports, style),
    '',
    ...(context.differences.length === 0 ? thingsToTry(context, style) : usedStore(context, style)),
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

/** Every line to paste, with what it meets in a new store. */
function thingsToTry(context: WelcomeContext, { paint, signs }: TextStyle): readonly string[] {
  const { folder, ports, key } = context
  const groups = examples({ folder, port: ports.frontEnd, adminPort: ports.admin, key })
  const width = Math.max(
    ...groups.flatMap(({ examples }) => examples.map(({ what }) => what.length)),
  )
  const exampleText = ({ what, command, status, outcome }: Example): string =>
    [
      `  ${what.padEnd(width)}  ${signs.arrow} ${paint(status > 0 && status < 400 ? 'good' : 'bad', String(status).padStart(3, '0'))} ${outcome}`,
      `  ${paint('code', command)}`,
      '',
    ].join('\n')
  return [
    `${paint('bold', 'Things to try')}, in another terminal in this folder. Watch here what the front end makes of them.`,
    '',
    ...groups.flatMap(({ title, examples }) => [
      paint('bold', title),
      '',
      ...examples.map(exampleText),
    ]),
    paint('bold', 'The same with `tfe`, for the device of the current CA once it has checked in'),
    '',
    ...administration(context).flatMap(({ what, command, outcome }) => [
      `  ${what.padEnd(width)}  ${signs.arrow} ${outcome}`,
      `  ${paint('code', command)}`,
      '',
    ]),
  ]
}

/** What is said in place of promises that an administrator has made untrue. */
function usedStore(context: WelcomeContext, { paint }: TextStyle): readonly string[] {
  const { folder, differences } = context
  const [signIn, list] = administration(context)
  return [
    `${paint('bold', 'Things to try')} are printed for the fleet of a new store. The one in ${folder} is another by now:`,
    '',
    ...differences.map((difference) => `  ${difference}`),
    '',
    `For that fleet end this, remove ${folder}, and start again. To administer the fleet as it is, in another terminal`,
    'in this folder:',
    '',
    ...[signIn, list].map((line) => `  ${paint('code', line?.command ?? '')}`),
    '',
  ]
}

/** Lines that block a device and let it in again; the token stays in the shell that they are pasted into. */
const administration = ({
  folder,
  tfe,
  ports,
}: WelcomeContext): readonly Omit<Example, 'status'>[] => [
  {
    what: 'where the admin API is, and who asks',
    command: `export TFE_ADMIN_URL=http://127.0.0.1:${ports.admin} TFE_ADMIN_TOKEN="$(cat ${shellWord(join(folder, TOKEN_FILE))})"`,
    outcome: 'prints nothing',
  },
  {
    what: 'the devices',
    command: `${tfe} devices list`,
    outcome: 'whom the store knows: a device is there about three seconds after it called',
  },
  {
    what: 'a device is blocked',
    command: `${tfe} devices block current`,
    outcome: 'when it checks in now, the connection is closed without an answer',
  },
  {
    what: 'the block is lifted',
    command: `${tfe} devices unblock current`,
    outcome: 'when it checks in now, it is admitted as before',
  },
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
