/**
 * The front end's JSON lines, told to a person: one line for each request and each event, and under it why and what to do.
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

/** How the log is told: besides, in what words it has times. */
export interface LogStyle extends TextStyle {
  /** A sentence with its times as people there read them. */
  readonly withTimes: (sentence: string) => string
}

/** Retells one line; undefined for what a person watching a demonstration need not see. */
export function readableLine(line: string, style: LogStyle): string | undefined {
  const entry = parsed(line)
  if (entry === undefined) return line
  const { method, decision, msg } = entry
  if (method !== undefined && decision !== undefined) return request(entry, style)
  // Other events have outcomes, too: a reload, for one.
  if (msg === 'connection' || msg === 'tunnel') return connection(entry, style)
  return event(entry, style)
}

type LogEntry = Readonly<Record<string, unknown>>

function parsed(line: string): LogEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line)
    return isEntry(entry) ? entry : undefined
  } catch {
    return undefined
  }
}

function request(entry: LogEntry, style: LogStyle): string {
  const { status, code, would_refuse } = entry
  const refused = entry['decision'] === 'refuse'
  const good = !refused && Number(status) < 400
  const verdict = refused
    ? `refused: ${text(code)}`
    : `admitted: ${text(code)}${would_refuse === undefined ? '' : ` (would refuse: ${text(would_refuse)})`}`
  const told = refused ? '' : `, MDM told ${text(entry['verify'])}`
  const failure = entry['failure'] === undefined ? '' : `, then ${text(entry['failure'])}`
  return row(entry, style, {
    mark: [good ? 'good' : 'bad', `${good ? style.signs.yes : style.signs.no} ${text(status)}`],
    what: `${text(entry['method'])} ${text(entry['path'])}`,
    routeClass: text(entry['route_class']),
    verdict: `${verdict}${told}${failure}`,
  })
}

/** Connections that served requests have had their lines; a connection that gets a line here never got that far. */
function connection(entry: LogEntry, style: LogStyle): string | undefined {
  const { outcome, msg, code, route_class } = entry
  if (outcome === 'served') return undefined
  const good = outcome === 'relayed'
  return row(entry, style, {
    mark: good ? ['good', style.signs.yes] : ['bad', style.signs.no],
    what: text(msg),
    routeClass: route_class === undefined ? '' : text(route_class),
    verdict: code === undefined ? text(outcome) : `${text(outcome)}: ${text(code)}`,
  })
}

type Mark = readonly ['good' | 'bad' | 'warn' | 'dim', string]

interface Row {
  readonly mark: Mark
  readonly what: string
  readonly routeClass: string
  readonly verdict: string
}

function row(entry: LogEntry, style: LogStyle, { mark, what, routeClass, verdict }: Row): string {
  const cells = [
    what.padEnd(24),
    deviceOf(entry).padEnd(20),
    routeClass.padEnd(8),
    style.withTimes(verdict),
  ]
  return `${start(entry, mark, style)}  ${cells.join('  ')}\n${reasonOf(entry, style)}`
}

/** What is neither a request nor a connection: a reload, a change of the store, a server that went out. */
function event(entry: LogEntry, style: LogStyle): string | undefined {
  const mark = markOf(entry, style)
  if (mark === undefined) return undefined
  const { changed } = entry
  const what =
    Array.isArray(changed) && changed.length > 0 ? `: ${changed.map(text).join(', ')}` : ''
  const message = style.withTimes(`${messageOf(entry)}${what}`)
  return `${start(entry, mark, style)}  ${message}\n${reasonOf(entry, style)}`
}

function markOf({ level, msg }: LogEntry, { signs }: LogStyle): Mark | undefined {
  if (level === 'warn') return ['warn', 'note']
  if (level === 'error' || level === 'fatal') return ['bad', level]
  if (msg === 'reload unchanged') return ['dim', signs.note]
  return GOOD_NEWS.has(msg) ? ['good', signs.yes] : undefined
}

/** Of what is no cause for concern: what a person asked for, and the end of what was told as a trouble. */
const GOOD_NEWS: ReadonlySet<unknown> = new Set([
  'reload applied',
  'a change of the store is in force',
  'upstream server is available again',
  'the store answers again',
  'sightings are written again',
  'the ticket secret is shared again',
  'every replica holds the current key',
])

/** The columns that all lines have: when, and how it is. */
function start(entry: LogEntry, [style, mark]: Mark, { paint, signs }: LogStyle): string {
  const width = Math.max(signs.yes.length, signs.no.length) + ' 403'.length
  return `${paint('dim', clock(entry))}  ${paint(style, mark.padEnd(width))}`
}

function reasonOf(entry: LogEntry, { paint, signs, withTimes }: LogStyle): string {
  const { reason, detail, next_step, reference, err, faults } = entry
  const indent = ' '.repeat(10)
  const lines = [
    ...(Array.isArray(faults) ? faults.filter(isEntry).map(messageOf) : []),
    ...[reason, detail, isEntry(err) ? err['message'] : undefined]
      .filter((one) => one !== undefined)
      .map(text),
    ...(next_step === undefined ? [] : [`${signs.arrow} ${text(next_step)}`]),
    ...(reference === undefined
      ? []
      : [
          paint(
            'dim',
            `the device was told no more than the reference ${text(reference)}: tfe why ${text(reference)}`,
          ),
        ]),
  ]
  return lines.map((line) => `${indent}${withTimes(line)}\n`).join('')
}

function deviceOf({ device }: LogEntry): string {
  if (!isEntry(device) || device['subject'] === undefined) return 'no certificate'
  const subject = text(device['subject'])
  return /CN=((?:[^,+\\]|\\.)+)/.exec(subject)?.[1] ?? subject
}

function clock({ time }: LogEntry): string {
  const when = new Date(typeof time === 'string' || typeof time === 'number' ? time : NaN)
  return Number.isNaN(when.getTime()) ? '        ' : when.toTimeString().slice(0, 8)
}

/** `place: message`, of a line and of a fault. */
const messageOf = ({ at, msg, message = msg }: LogEntry): string =>
  [at, message]
    .filter((part) => part !== undefined)
    .map(text)
    .join(': ')

const isEntry = (value: unknown): value is LogEntry => typeof value === 'object' && value !== null

/** Devices choose some of these words: nothing in them may move the cursor or turn the text around. */
const text = (value: unknown): string =>
  String(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD')
