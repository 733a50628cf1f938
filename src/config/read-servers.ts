/** The servers of an upstream, whether the operator wrote one or several. */
import type { Upstream, UpstreamServer } from './config-upstream.ts'
import { bracketed, parseHost } from './host.ts'
import { type Desk, fault, isFaulty, type Maybe, missing, placeOf, some } from './reading.ts'
import type { Document } from './schema.ts'
import type { Draft } from './shape.ts'
import type { Path } from './text.ts'

type Written = Draft<Document['upstreams'][string]>
type Servers = readonly [ReadServer, ...ReadServer[]]

/** A server together with the scheme of its URL, which all servers of an upstream share. */
export interface ReadServer extends UpstreamServer {
  readonly protocol: Upstream['protocol']
}

/** Reads `url` or `servers`, whichever there is. */
export function readServers(desk: Desk, path: Path, written: Written): Maybe<Servers> {
  if (written.url !== undefined && written.servers !== undefined) {
    const message = 'found url and servers, wanted one of them: move the url into the list'
    return fault(desk, [...path, 'url'], message, 'key')
  }
  if (written.servers !== undefined) return readList(desk, [...path, 'servers'], written.servers)
  if (written.url === undefined) {
    if (isFaulty(desk, [...path, 'url']) || isFaulty(desk, [...path, 'servers'])) return missing
    return fault(desk, path, 'found no url, wanted one: write the address of the server', 'key')
  }
  const read = readServer(desk, [...path, 'url'], { url: written.url, weight: 1 })
  return read === missing ? missing : [read]
}

/** Without the schemes, which the upstream says once. */
export function bare([first, ...rest]: Servers): Upstream['servers'] {
  return [withoutProtocol(first), ...rest.map(withoutProtocol)]
}

const withoutProtocol = ({ at, name, hostname, port, weight }: ReadServer): UpstreamServer => ({
  at,
  name,
  hostname,
  port,
  weight,
})

function readList(
  desk: Desk,
  path: Path,
  written: NonNullable<Written['servers']>,
): Maybe<Servers> {
  const seen = new Set<string>()
  let protocol: Upstream['protocol'] | undefined
  return some(written, ({ url, weight }, index): Maybe<ReadServer> => {
    const place = [...path, index, 'url']
    const read = readServer(desk, place, { url, weight })
    if (read === missing) return missing
    protocol ??= read.protocol
    if (read.protocol !== protocol) {
      const message = `found ${read.protocol} beside ${protocol}, wanted one scheme for all servers of an upstream: make two upstreams of it`
      return fault(desk, place, message)
    }
    if (seen.has(read.name)) {
      const message = `found ${read.name} twice, wanted each server once: use weight to give it a larger share`
      return fault(desk, place, message)
    }
    seen.add(read.name)
    return read
  })
}

function readServer(
  desk: Desk,
  path: Path,
  {
    url: written,
    weight,
  }: { readonly url: string | undefined; readonly weight: number | undefined },
): Maybe<ReadServer> {
  if (written === undefined || weight === undefined) return missing
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    const message =
      'found a URL that cannot be read, wanted https:// with host and port: correct it'
    return fault(desk, path, message)
  }
  const host = parseHost(url.hostname)
  if (!host.ok) return fault(desk, path, host.failure)
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  if (port === 0) return fault(desk, path, 'found port 0, wanted one to connect to: correct it')
  return {
    at: placeOf(desk, path),
    name: `${bracketed(host.value)}:${port}`,
    protocol: url.protocol,
    hostname: host.value,
    port,
    weight,
  }
}
