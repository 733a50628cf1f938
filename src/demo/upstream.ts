/**
 * The demonstration's MDM server: it answers every request with what it was told, so that a person sees what
 * really arrives behind the front end. It serves only the front end, whose certificate it demands.
 */
import { X509Certificate } from 'node:crypto'
import { createServer } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'

/** What the server is made of, all PEM. */
export interface UpstreamOptions {
  readonly port: number
  readonly certificate: string
  readonly key: string
  /** The CA that issued the front end's client certificate. */
  readonly ca: string
}

/** A server that runs. */
export interface DemoUpstream {
  close(): Promise<void>
}

/** Listens on the loopback only; rejects with the system's error when the port cannot be had. */
export async function startUpstream(options: UpstreamOptions): Promise<DemoUpstream> {
  const server = createServer(
    {
      cert: options.certificate,
      key: options.key,
      ca: options.ca,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      // The body is of no interest, but a client that sends one must be able to finish.
      request.resume()
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(describeRequest(request), undefined, 2)}\n`)
    },
  )
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host: 'localhost', port: options.port }, resolve)
  await promise
  return {
    close: async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      server.closeAllConnections()
      await promise
    },
  }
}

/** What a request said, in the order in which a person asks. */
export function describeRequest(request: IncomingMessage): Readonly<Record<string, unknown>> {
  const fields = identityFields(request.rawHeaders)
  return {
    'this is': 'the demo MDM, and this is what it was told',
    request: `${request.method} ${request.url}`,
    host: request.headers.host,
    'sent by': commonName((request.socket as TLSSocket).getPeerX509Certificate()),
    device: deviceIn(fields) ?? 'no device was named',
    verify: fields.find(([name]) => /verify/i.test(name))?.[1] ?? 'not said',
    fields: Object.fromEntries(fields.map(([name, value]) => [name, shortened(value)])),
  }
}

type Field = readonly [name: string, value: string]

function identityFields(raw: readonly string[]): readonly Field[] {
  const pairs = raw.flatMap((name, index): Field[] =>
    index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : [],
  )
  return pairs.filter(([name]) => /cert|client|ssl|tls|verify/i.test(name))
}

/** The first field that holds a certificate as RFC 9440 §2.1 writes it. */
function deviceIn(fields: readonly Field[]): Readonly<Record<string, string>> | undefined {
  for (const [, value] of fields) {
    const found = /^:([A-Za-z0-9+/=]+):$/.exec(value)
    if (found === null) continue
    try {
      const certificate = new X509Certificate(Buffer.from(found[1] ?? '', 'base64'))
      return {
        subject: joinName(certificate.subject),
        issuer: joinName(certificate.issuer),
        serial: certificate.serialNumber,
        'valid until': certificate.validToDate.toISOString(),
      }
    } catch {
      return { subject: 'a certificate that could not be read' }
    }
  }
  return undefined
}

const joinName = (name: string): string => name.split('\n').join(', ')

const commonName = (certificate: X509Certificate | undefined): string =>
  certificate === undefined
    ? 'no certificate'
    : (/CN=(.*)$/m.exec(certificate.subject)?.[1] ?? 'nameless')

const shortened = (value: string): string =>
  value.length <= 60 ? value : `${value.slice(0, 40)}… (${value.length} characters)`
