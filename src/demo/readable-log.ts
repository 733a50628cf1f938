/**
 * The front end's JSON lines, told to a person: one line for each request, and under a refusal why and what to do.
 */

/** What a line of text may look like where it is shown. */
export interface TextStyle {
  readonly paint: (style: 'bold' | 'dim' | 'good' | 'bad' | 'warn' | 'code', text: string) => string
  readonly signs: {
    readonly yes: string
    readonly no: string
    readonly note: string
    readonly arrow: string
  }
}

/** Retells one line; undefined for what a person watching a demonstration need not see. */
export function readableLine(line: string, style: TextStyle): string | undefined {
  const entry = parsed(line)
  if (entry === undefined) return line
  if ('method' in entry && 'decision' in entry) return request(entry, style)
  if ('outcome' in entry) return connection(entry, style)
  const level = String(entry['level'])
  if (level === 'warn') return `${style.paint('warn', 'note')}   ${messageOf(entry)}\n`
  if (level === 'error' || level === 'fatal')
    return `${style.paint('bad', level)}  ${messageOf(entry)}\n`
  return undefined
}

type LogEntry = Readonly<Record<string, unknown>>

function parsed(line: string): LogEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'object' && entry !== null ? (entry as LogEntry) : undefined
  } catch {
    return undefined
  }
}

function request(entry: LogEntry, { paint, signs }: TextStyle): string {
  const { status, code, would_refuse } = entry
  const refused = entry['decision'] === 'refuse'
  const good = !refused && Number(status) < 400
  const verdict = refused
    ? `refused: ${text(code)}`
    : `admitted: ${text(code)}${would_refuse === undefined ? '' : ` (would refuse: ${text(would_refuse)})`}`
  const told = refused ? '' : `, MDM told ${text(entry['verify'])}`
  const failure = entry['failure'] === undefined ? '' : `, then ${text(entry['failure'])}`
  const cells = [
    paint('dim', clock(entry)),
    paint(good ? 'good' : 'bad', `${good ? signs.yes : signs.no} ${text(status)}`),
    `${text(entry['method'])} ${text(entry['path'])}`.padEnd(24),
    deviceOf(entry).padEnd(20),
    text(entry['route_class']).padEnd(8),
    `${verdict}${told}${failure}`,
  ]
  return `${cells.join('  ')}\n${reasonOf(entry, { paint, signs })}`
}

/** Connections that served requests have had their lines; a connection that gets a line here never got that far. */
function connection(entry: LogEntry, { paint, signs }: TextStyle): string | undefined {
  if (entry['outcome'] === 'served') return undefined
  const cells = [
    paint('dim', clock(entry)),
    paint('bad', signs.no),
    `connection ${text(entry['outcome'])}: ${text(entry['code'])}`,
  ]
  return `${cells.join('  ')}\n${reasonOf(entry, { paint, signs })}`
}

function reasonOf({ reason, next_step, reference }: LogEntry, { paint, signs }: TextStyle): string {
  const indent = ' '.repeat(10)
  const lines = [
    ...(reason === undefined ? [] : [text(reason)]),
    ...(next_step === undefined ? [] : [`${signs.arrow} ${text(next_step)}`]),
    ...(reference === undefined
      ? []
      : [paint('dim', `the device was told no more than the reference ${text(reference)}`)]),
  ]
  return lines.map((line) => `${indent}${line}\n`).join('')
}

function deviceOf({ device }: LogEntry): string {
  if (typeof device !== 'object' || device === null || !('subject' in device))
    return 'no certificate'
  const subject = text(device.subject)
  return /CN=((?:[^,+\\]|\\.)+)/.exec(subject)?.[1] ?? subject
}

function clock({ time }: LogEntry): string {
  const when = new Date(typeof time === 'string' || typeof time === 'number' ? time : NaN)
  return Number.isNaN(when.getTime()) ? '        ' : when.toTimeString().slice(0, 8)
}

const messageOf = ({ at, msg }: LogEntry): string =>
  (at === undefined ? '' : `${text(at)}: `) + text(msg)

/** Devices choose some of these words: nothing in them may move the cursor or turn the text around. */
const text = (value: unknown): string =>
  String(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD')
