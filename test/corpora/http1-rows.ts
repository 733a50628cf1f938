/**
 * The rows of the HTTP/1 request corpus (third-party data, read from the folder that TFE_VECTORS names), and the
 * mechanical changes without which most of them would only show that we do not know their Host.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { readRequests } from './http1-strict.ts'

/** What the corpus wants of a strict server; `observe` wants nothing but safety. */
export type Verdict = 'accept' | 'reject' | 'no-desync' | 'observe'

export interface Row {
  /** Its number in the corpus and its name: names alone are not unique. */
  readonly id: string
  readonly verdict: Verdict
  readonly octets: string
}

/**
 * How a row is sent. `verbatim` is the row itself. `hosted` names a host that is served, and changes nothing else.
 * `completed` also ends what a row leaves unfinished.
 * `longer` adds an empty line instead, whatever came before: what is wrong with a row must stay wrong.
 */
export type Manner = 'verbatim' | 'hosted' | 'completed' | 'longer'

export interface Play {
  readonly row: Row
  readonly manner: Manner
  readonly octets: string
}

const FILE = 'http1-requests-2.json'

/** The corpus, when there is one. */
export function corpusRows(): readonly Row[] | undefined {
  const folder = process.env['TFE_VECTORS']
  if (folder === undefined || !existsSync(join(folder, FILE))) return undefined
  const rows = JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as readonly {
    readonly name: string
    readonly verdict: Verdict
    readonly b64: string
  }[]
  return rows.map(({ name, verdict, b64 }, index) => ({
    id: `${index} ${name}`,
    verdict,
    octets: Buffer.from(b64, 'base64').toString('latin1'),
  }))
}

/** Every manner in which a row is sent, each text once, the most changed last. */
export function playsOf(row: Row, host: string): readonly Play[] {
  const hosted = hostedText(row, host)
  const texts: (readonly [Manner, string])[] = [
    ['verbatim', row.octets],
    ['hosted', hosted],
  ]
  // Only what is right may be brought to its end: that could mend what is wrong.
  if (row.verdict === 'accept') texts.push(['completed', completed(hosted, host)])
  else if (row.verdict !== 'no-desync') texts.push(['longer', longer(hosted)])
  return texts
    .filter(([, text], index) => texts.findIndex(([, other]) => other === text) === index)
    .map(([manner, octets]) => ({ row, manner, octets }))
}

/** What is malformed keeps the Host line it has, wherever it stands: another one would be another fault. */
function hostedText({ octets, verdict }: Row, host: string): string {
  if (verdict === 'accept' || !/\r\nhost:/i.test(octets)) return withHost(octets, host)
  return withHostChanged(octets, host)
}

const withHostChanged = (octets: string, host: string): string =>
  octets.replaceAll(/(\r\n)host:[^\r\n]*/gi, `$1Host: ${host}`)

/** Changes the value of every Host line, and adds one where a request has none. */
function withHost(octets: string, host: string): string {
  // A request line, and no Host before the empty line or the end.
  const bare = /((?:^|\r\n)[A-Z-]+ \S+ [A-Z]+\/\d\.\d)(?=\r\n|$)(?!(?:\r\n[^\r\n]+)*\r\nHost:)/g
  return withHostChanged(octets, host).replaceAll(bare, `$1\r\nHost: ${host}`)
}

function completed(octets: string, host: string): string {
  let text = octets
  for (let rounds = 0; rounds < 4; rounds++) {
    const { rest } = readRequests(text)
    if (rest.kind !== 'unfinished') break
    text += rest.lacks
  }
  return withHost(text, host)
}

function longer(octets: string): string {
  // A header section that ended is judged as it is; what may yet end is a chunked body.
  if (octets.includes('\r\n\r\n') && !/transfer-encoding/i.test(octets)) return octets
  return octets + (octets.endsWith('\r\n') ? '\r\n' : '\r\n\r\n')
}
