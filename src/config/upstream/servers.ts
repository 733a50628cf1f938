/** The servers of an upstream, whether the operator wrote one or several. */
import type { ServerSettings } from '../../forward/settings.ts'
import type { Upstream } from './types.ts'
import { bracketed, parseHost } from '../reading/host.ts'
import {
  type ReadContext,
  fault,
  isFaulty,
  type Maybe,
  missing,
  readNonEmpty,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { Path } from '../reading/yaml-text.ts'
import type { DeepPartial } from '../reading/deep-partial.ts'

type Written = DeepPartial<ConfigDocument['upstreams'][string]>
type WrittenServer = NonNullable<NonNullable<Written['servers']>[number]>
type Servers = readonly [ReadServer, ...ReadServer[]]

/** A server, and the scheme of its URL, which all servers of an upstream share. */
export interface ReadServer {
  readonly protocol: Upstream['protocol']
  readonly server: ServerSettings
}

/** Reads `url` or `servers`, whichever there is. */
export function readServers(context: ReadContext, path: Path, written: Written): Maybe<Servers> {
  if (written.url !== undefined && written.servers !== undefined) {
    const message = 'found url and servers, wanted one of them: move the url into the list'
    return fault(context, [...path, 'url'], message, 'key')
  }
  if (written.servers !== undefined) return readList(context, [...path, 'servers'], written.servers)
  if (written.url === undefined) {
    if (isFaulty(context, [...path, 'url']) || isFaulty(context, [...path, 'servers']))
      return missing
    return fault(context, path, 'found no url, wanted one: write the address of the server', 'key')
  }
  const read = readServer(context, [...path, 'url'], { url: written.url, weight: 1, check: true })
  return read === missing ? missing : [read]
}

/** Without the schemes, which the upstream says once. */
export const withoutSchemes = ([first, ...rest]: Servers): Upstream['servers'] => [
  first.server,
  ...rest.map(({ server }) => server),
]

function readList(
  context: ReadContext,
  path: Path,
  written: NonNullable<Written['servers']>,
): Maybe<Servers> {
  const seen = new Set<string>()
  let protocol: Upstream['protocol'] | undefined
  return readNonEmpty(written, (one, index): Maybe<ReadServer> => {
    const place = [...path, index, 'url']
    const read = readServer(context, place, one)
    if (read === missing) return missing
    protocol ??= read.protocol
    if (read.protocol !== protocol) {
      const message = `found ${read.protocol} beside ${protocol}, wanted one scheme for all servers of an upstream: make two upstreams of it`
      return fault(context, place, message)
    }
    const { name } = read.server
    if (seen.has(name)) {
      const message = `found ${name} twice, wanted each server once: use weight to give it a larger share`
      return fault(context, place, message)
    }
    seen.add(name)
    return read
  })
}

function readServer(
  context: ReadContext,
  path: Path,
  { url: written, weight, check }: WrittenServer,
): Maybe<ReadServer> {
  if (written === undefined || weight === undefined || check === undefined) return missing
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    const message =
      'found a URL that cannot be read, wanted https:// with host and port: correct it'
    return fault(context, path, message)
  }
  const host = parseHost(url.hostname)
  if (!host.ok) return fault(context, path, host.failure)
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  if (port === 0) return fault(context, path, 'found port 0, wanted one to connect to: correct it')
  const name = `${bracketed(host.value)}:${port}`
  const server = { name, hostname: host.value, port, weight, check }
  return { protocol: url.protocol, server }
}
