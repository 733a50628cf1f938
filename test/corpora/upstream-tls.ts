/**
 * x509-limbo's server cases over TLS: each shown by a live upstream, judged by TFE's outgoing TLS with the case's
 * anchors and name, and by plain Node beside it.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { loadConfig } from '../../src/config/load.ts'
import type { Line } from '../support/front-ends/product.ts'
import { FrontEndProcess } from './front-end-process.ts'
import type { Case } from './limbo.ts'
import { writeIdentity } from './live-front-end.ts'
import { frozenAt } from './needs.ts'
import { serveCases, type Standing } from './upstream-tls-servers.ts'
import type { PlainCase, PlainVerdict } from './plain-node.ts'

/** Why a client did not believe a server; nothing when it did. */
export type Doubt = string | undefined

/** One case and what became of it. */
export type OutgoingRow =
  | { readonly kind: 'not-played'; readonly limbo: Case; readonly why: string }
  | { readonly kind: 'played'; readonly limbo: Case; readonly ours: Doubt; readonly plain: Doubt }

type Listening = Standing & { readonly kind: 'listening' }

/** Plays the cases, those of the same time before one front end. */
export async function playOutgoing(
  cases: readonly Case[],
  folder: string,
): Promise<readonly OutgoingRow[]> {
  const rows: OutgoingRow[] = []
  const groups = Map.groupBy(cases, ({ validation_time: time }) => time ?? undefined)
  for (const [index, [at, group]] of [...groups].entries()) {
    const own = join(folder, `at-${index}`)
    mkdirSync(own)
    await using servers = await serveCases(group)
    const listening = servers.standings.filter((one) => one.kind === 'listening')
    rows.push(...servers.standings.filter((one) => one.kind === 'not-played'))
    if (listening.length > 0) rows.push(...(await playGroup(listening, own, at)))
  }
  return rows
}

async function playGroup(
  group: readonly Listening[],
  folder: string,
  at: string | undefined,
): Promise<readonly OutgoingRow[]> {
  writeIdentity(folder)
  const doubts: Doubt[] = []
  const taken: Listening[] = []
  for (const one of group) {
    const fault = await faultIn(one, folder)
    doubts.push(fault)
    if (fault === undefined) taken.push(one)
  }
  const judged = await askFrontEnd(taken, folder, at)
  const plain = await askNode(group, at)
  return group.map((one, index) => ({
    kind: 'played',
    limbo: one.limbo,
    ours: doubts[index] ?? judged.get(one),
    plain: plain[index] ?? undefined,
  }))
}

/** What the configuration refuses already; the others must not suffer for it. */
async function faultIn(one: Listening, folder: string): Promise<Doubt> {
  const loaded = await loadConfig(writeConfiguration([one], folder), {})
  return loaded.ok ? undefined : `configuration: ${loaded.failure[0]?.message ?? ''}`
}

async function askFrontEnd(
  group: readonly Listening[],
  folder: string,
  at: string | undefined,
): Promise<ReadonlyMap<Listening, Doubt>> {
  const statuses = new Map<Listening, number>()
  const lines: (readonly Line[])[] = []
  {
    await using frontEnd = await FrontEndProcess.start(writeConfiguration(group, folder), at)
    lines.push(frontEnd.lines)
    for (const one of group) statuses.set(one, await statusOf(frontEnd.port, pathOf(one)))
  }
  const asked = new Map(lines.flat().map((line) => [line['path'], line]))
  return new Map(
    group.map((one) => {
      const { reason = `status ${statuses.get(one)}` } = asked.get(pathOf(one)) ?? {}
      const words = String(reason).replaceAll(`to-${one.port}`, 'UPSTREAM')
      return [one, statuses.get(one) === 200 ? undefined : words]
    }),
  )
}

const pathOf = ({ port }: Listening): string => `/to/${port}`

/** Who answers is the front end that was started here. */
async function statusOf(port: number, path: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = {
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    headers: { host: 'localhost' },
  }
  request({ ...server, path, agent: false, rejectUnauthorized: false }, (response) => {
    response.resume().once('close', () => resolve(response.statusCode ?? 0))
  })
    .once('error', reject)
    .end()
  return promise
}

async function askNode(
  group: readonly Listening[],
  at: string | undefined,
): Promise<readonly PlainVerdict[]> {
  const script = join(import.meta.dirname, 'plain-node.ts')
  const child = spawn(process.execPath, [...process.execArgv, script], {
    env: { ...process.env, ...(at === undefined ? {} : frozenAt(at)) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const cases = group.map(({ limbo, port }): PlainCase => ({
    port,
    name: limbo.expected_peer_name?.value ?? '',
    ca: limbo.trusted_certs,
  }))
  child.stdin.end(JSON.stringify(cases))
  return JSON.parse(await text(child.stdout)) as readonly PlainVerdict[]
}

/** A front end with an upstream and a row of the route table for each; answers where the configuration lies. */
function writeConfiguration(group: readonly Listening[], folder: string): string {
  const upstreams = group.map(({ limbo, port }) => {
    const anchors = `anchors-${port}.pem`
    writeFileSync(join(folder, anchors), limbo.trusted_certs.join('\n'))
    const tls = {
      hostname: limbo.expected_peer_name?.value,
      trust: { default: 'off', custom: [`file:${anchors}`] },
    }
    // They are asked one after the other, and there are hundreds: together they must fit the limit of descriptors.
    const limits = { connections: 4 }
    return [`to-${port}`, { url: `https://127.0.0.1:${port}`, tls, limits }] as const
  })
  const configuration = {
    profile: 'generic',
    workers: 1,
    store: { dangerousNone: true },
    trust: {
      enrollmentSettings: [{ name: 'unused', standing: 'current', chain: 'file:unused-ca.pem' }],
    },
    listeners: {
      devices: {
        address: '127.0.0.1',
        port: 0,
        hosts: ['localhost'],
        certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }],
        routes: 'limbo',
      },
    },
    routes: {
      limbo: {
        rows: group.map((one) => ({
          id: `to-${one.port}`,
          path: pathOf(one),
          class: 'open',
          upstream: `to-${one.port}`,
        })),
      },
    },
    upstreams: Object.fromEntries(upstreams),
    metrics: { address: '127.0.0.1', port: 0 },
  }
  const path = join(folder, 'tfe.yaml')
  // JSON is YAML, and needs no writer.
  writeFileSync(path, JSON.stringify(configuration, null, 2))
  return path
}
