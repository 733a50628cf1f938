/**
 * The product as a process of its own with a real store, and an administrator who calls its API.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Instant } from '../../../src/kernel/types.ts'
import { createAdmin } from '../../../src/cli/commands/create-admin.ts'
import { openStore } from '../../../src/store/store.ts'
import { claimPort } from '../ports/claim-port.ts'
import { until } from '../until.ts'
import { serveProcess, type ServeProcess, type ServeProcessOptions } from './serve-process.ts'

/** What the admin API said. */
export interface Answer {
  readonly status: number
  readonly etag: string
  readonly body: unknown
}

/** Both, until disposed of. */
export interface ServedWithStore extends AsyncDisposable {
  readonly frontEnd: ServeProcess
  readonly adminPort: number
  readonly call: (method: string, path: string, body?: unknown, match?: string) => Promise<Answer>
  /** Settles once requests are judged by everything that the store holds now. */
  inForce(): Promise<void>
}

/** `tfe serve` with two workers, a store in a file, and an administrator with a token. */
export async function servedWithStore(
  upstreamPort: number,
  yaml: Readonly<Record<string, string>>,
  options: Omit<ServeProcessOptions, 'yaml'> = {},
): Promise<ServedWithStore> {
  const adminPort = await claimPort()
  const frontEnd = await serveProcess(upstreamPort, {
    workers: 2,
    ...options,
    yaml: { store: ' { sqlite: data/tfe.sqlite }', admin: ` { port: ${adminPort} }`, ...yaml },
  })
  const opened = await openStore(
    { kind: 'sqlite', path: join(frontEnd.folder, 'data/tfe.sqlite') },
    {
      clock: { now: () => Date.now() as Instant },
      ring: { keys: new Map() },
      initialSettings: undefined,
    },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  const path = join(frontEnd.folder, 'token')
  const credential = { kind: 'token-file', path } as const
  const who = { name: 'alice', role: 'administrator', credential } as const
  const made = await createAdmin(opened.value, who, { who: 'test', from: 'test' })
  await opened.value.close()
  if (!made.ok) throw new Error('there is no administrator')
  const token = readFileSync(path, 'utf8').trim()
  const call: ServedWithStore['call'] = async (method, at, body, match) => {
    const response = await fetch(`http://127.0.0.1:${adminPort}${at}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(match === undefined ? {} : { 'if-match': match }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const etag = response.headers.get('etag') ?? ''
    return { status: response.status, etag, body: text === '' ? undefined : JSON.parse(text) }
  }
  const behind = async (): Promise<unknown> => {
    const { body } = await call('GET', '/api/status')
    return (body as { readonly snapshot: { readonly behind: unknown } }).snapshot.behind
  }
  return {
    frontEnd,
    adminPort,
    call,
    async inForce() {
      await until(behind, (found) => found === 0)
    },
    [Symbol.asyncDispose]: () => frontEnd[Symbol.asyncDispose](),
  }
}
