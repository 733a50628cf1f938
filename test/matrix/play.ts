/**
 * Plays the rows of a group: one front end in this process, an upstream for each row and kind of server, one request
 * of a device for each.
 */
import { request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { clientTls, product, type Line, type Product } from '../support/front-ends/product.ts'
import { FILES, NAME } from './material.ts'
import type { Group, Kind, Row } from './row.ts'
import type { ServerKind } from './server-kind.ts'

/** What was seen of one row with one kind of server; the same words as `Expected`. */
export interface Seen {
  readonly status: number
  readonly protocol: string | undefined
  readonly suite: string | undefined
  readonly reason: string | undefined
  readonly metrics: readonly string[]
}

export interface Played {
  readonly row: Row
  readonly kind: Kind
  readonly seen: Seen
}

export interface PlayedGroup {
  readonly played: readonly Played[]
  /** The kinds of `tfe_dangerous`. */
  readonly dangerous: readonly string[]
}

interface Part {
  readonly row: Row
  readonly kind: Kind
  /** Names the upstream, its row of the route table and the path. */
  readonly name: string
  readonly port: number
}

/** Plays every row with every one of these kinds of servers. */
export async function playGroup(
  { rows }: Group,
  kinds: readonly ServerKind[],
  folder: string,
): Promise<PlayedGroup> {
  await using stack = new AsyncDisposableStack()
  const parts: Part[] = []
  for (const { kind, start } of kinds) {
    const specs = rows.map(({ server }) => server)
    const { ports } = stack.use(await start(specs, join(folder, kind)))
    parts.push(
      ...rows.map((row, index) => ({
        row,
        kind,
        name: `${kind}-${index}`,
        port: ports[index] ?? 0,
      })),
    )
  }
  const frontEnd = stack.use(
    await product({
      upstreamPort: 0,
      files: FILES,
      rows: parts.map(
        ({ name }) => `{ id: ${name}, path: /${name}, class: open, upstream: ${name} }`,
      ),
      // JSON is YAML, and needs no writer.
      yaml: { upstreams: ` ${JSON.stringify(upstreams(parts))}` },
    }),
  )
  const answers: Answer[] = []
  for (const { name } of parts) answers.push(await ask(frontEnd.port, `/${name}`))
  const scrape = await metricsOf(frontEnd)
  const played = await Promise.all(
    parts.map(async ({ row, kind, name }, index) => {
      const { status = 0, body = '' } = answers[index] ?? {}
      const seen = {
        status,
        protocol: /Protocol\s*: (\S+)/.exec(body)?.[1],
        suite: /Cipher\s*: (\S+)/.exec(body)?.[1],
        reason: await reasonFor(frontEnd, name),
        metrics: moved(scrape, name),
      }
      return { row, kind, seen }
    }),
  )
  return { played, dangerous: dangerousIn(scrape) }
}

/** Besides the product's usual upstream, which its own rows name. */
function upstreams(parts: readonly Part[]): Readonly<Record<string, unknown>> {
  const common = { hostname: NAME, trust: { default: 'off', custom: ['file:site-ca.pem'] } }
  const entries = parts.map(({ row, name, port }) => [
    name,
    { url: `https://127.0.0.1:${port}`, tls: { ...common, ...row.tls } },
  ])
  return { mdm: { url: 'https://localhost:1' }, ...Object.fromEntries(entries) }
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** What a device without a certificate gets, on a connection of its own. */
async function ask(port: number, path: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  request({ ...clientTls(port), path, agent: false }, (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
  })
    .once('error', reject)
    .end()
  return promise
}

/** The reason of the request's line, or else that of the line about its upstream; the name of the upstream taken out. */
async function reasonFor(frontEnd: Product, name: string): Promise<string | undefined> {
  const line = await frontEnd.waitForLine(({ path }) => path === `/${name}`)
  const untrusted = frontEnd.lines.find(isUntrusted(name))
  const reason = line['reason'] ?? untrusted?.['reason']
  return typeof reason === 'string' ? reason.replaceAll(name, 'UPSTREAM') : undefined
}

const isUntrusted =
  (name: string) =>
  ({ msg, upstream }: Line): boolean =>
    upstream === name && String(msg).startsWith('untrusted upstream used')

const metricsOf = async ({ statusPort }: Product): Promise<string> =>
  (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text()

/** Everything that counts what an upstream did wrong, by one unless a number says otherwise. */
function moved(scrape: string, name: string): readonly string[] {
  const label = `upstream="${name}"`
  return scrape.split('\n').flatMap((line) => {
    if (!/^tfe_upstream_(?:failures|untrusted|retries|server_changes)_total/.test(line)) return []
    if (!line.includes(label)) return []
    const [series = '', count] = line.split(/ (?=\d+$)/)
    const known = series.replace(label, 'upstream="UPSTREAM"')
    return [count === '1' ? known : `${known} ${count}`]
  })
}

/** Of the way to the upstreams; that the matrix's front end has no store is announced as well. */
const dangerousIn = (scrape: string): readonly string[] =>
  [...scrape.matchAll(/^tfe_dangerous\{kind="([^"]+)"\} 1$/gm)]
    .map(([, kind = '']) => kind)
    .filter((kind) => kind !== 'no-store')
