/**
 * An admin API that answers each call with the shape that the OpenAPI document gives, and whose every free text was
 * written by a stranger.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ScanReport } from '../../../src/forward/diagnose/scan-server.ts'
import type { TestReport } from '../../../src/forward/diagnose/test-server.ts'

/** A control of C0, one of C1, text turned around, a line separator, a zero-width space, a line of its own. */
export const HOSTILE = 'x\u001B[2J\u009B2J\u202Ey\u2028z\u200B\r\nFORGED'
/** A line break is ours, anything else of the kind is not. */
export const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** The part of an OpenAPI document that says what is answered. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>
}

interface ApiOperation {
  readonly responses: Readonly<
    Record<
      string,
      { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> } | undefined
    >
  >
}

interface Schema {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

export interface HostileApi extends AsyncDisposable {
  readonly url: string
  /** Whether what is asked for is done, or refused. */
  refuses: boolean
  /** How many calls were answered. */
  calls: number
}

/** Opens it on the loopback. */
export async function openHostileApi(document: ApiDocument): Promise<HostileApi> {
  const state = { refuses: false, calls: 0 }
  const server = createServer((request, response) => {
    state.calls += 1
    request.resume()
    const [path = ''] = (request.url ?? '').split('?')
    const operation = operationOf(document, path, request.method ?? '')
    if (operation === undefined) response.writeHead(500).end('this call is not described')
    else answer(operation, state.refuses, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

function operationOf({ paths }: ApiDocument, path: string, method: string) {
  const segments = path.split('/')
  const isMet = (template: string): boolean => {
    const names = template.split('/')
    return (
      names.length === segments.length &&
      names.every((name, at) => name.startsWith('{') || name === segments[at])
    )
  }
  const operations = paths[path] ?? Object.entries(paths).find(([one]) => isMet(one))?.[1]
  return operations?.[method.toLowerCase()]
}

function answer({ responses }: ApiOperation, refuses: boolean, response: ServerResponse): void {
  const [status = '200'] = refuses
    ? ['400']
    : Object.keys(responses).filter((code) => code.startsWith('2'))
  const [content] = Object.entries(responses[status]?.content ?? {})
  if (content === undefined) {
    response.writeHead(204).end()
    return
  }
  const [type, { schema }] = content
  const isJson = type.endsWith('json')
  response
    .writeHead(Number(status), { 'content-type': type, etag: '"1"' })
    .end(isJson ? JSON.stringify(hostileValue(schema)) : HOSTILE)
}

/** What the document leaves to the command line: what a test and a scan of an upstream found. */
const REPORT: ScanReport & TestReport = {
  upstream: HOSTILE,
  server: HOSTILE,
  sni: HOSTILE,
  tls: {
    protocol: HOSTILE,
    suite: HOSTILE,
    standardSuite: HOSTILE,
    group: HOSTILE,
    alpn: HOSTILE,
    hostname: 'failed',
    trust: 'failed',
    alone: HOSTILE,
    pins: 'failed',
    clientCertificate: 'shown',
    answered: 400,
    chain: [
      {
        subject: HOSTILE,
        issuer: HOSTILE,
        names: [HOSTILE],
        notBefore: HOSTILE,
        notAfter: HOSTILE,
        key: HOSTILE,
        pin: HOSTILE,
        fingerprint: HOSTILE,
        onPath: false,
      },
    ],
  },
  failures: [{ code: 'connect-timeout', sentence: HOSTILE, nextStep: HOSTILE }],
  usable: false,
  duration: 0,
  protocols: [
    {
      protocol: 'TLSv1.3',
      withSni: { kind: 'accepted', fingerprint: HOSTILE, names: [HOSTILE] },
      withoutSni: { kind: 'accepted', fingerprint: '', names: [HOSTILE] },
      suites: [HOSTILE],
    },
  ],
  groups: [HOSTILE],
  connections: 0,
  complete: false,
}

/** A value of that shape: each list has one item, each text is hostile unless it is one of a closed list. */
export function hostileValue(schema: Schema): unknown {
  if (schema.anyOf !== undefined) return hostileValue(schema.anyOf[0] ?? {})
  if (schema.enum !== undefined) return schema.enum[0]
  switch (schema.type) {
    case 'object':
      if (schema.properties === undefined) return REPORT
      return Object.fromEntries(
        Object.entries(schema.properties).map(([name, one]) => [name, hostileValue(one)]),
      )
    case 'array':
      return [hostileValue(schema.items ?? {})]
    case 'string':
      return HOSTILE
    case 'integer':
    case 'number':
      // Nothing is left to do: a command that goes on until then ends.
      return 0
    case 'boolean':
      return true
    case 'null':
      return null
    case undefined:
    default:
      return { [HOSTILE]: HOSTILE }
  }
}
