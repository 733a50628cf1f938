/** The servers of an upstream, whether the operator wrote one or several. */
import type { ServerSettings } from '../../forward/settings.ts'
import type { Upstream } from './types.ts'
import { bracketed, parseHost } from '../reading/host.ts'
import {
  type DeepPartial,
  type Maybe,
  missing,
  type Place,
  readEach,
  nonEmptyList,
} from '../reading/place.ts'
import type { ConfigDocument } from '../schema.ts'

type Written = DeepPartial<ConfigDocument['upstreams'][string]>
type WrittenServer = NonNullable<NonNullable<Written['servers']>[number]>
type Servers = readonly [ReadServer, ...ReadServer[]]

/** A server, and the scheme of its URL, which all servers of an upstream share. */
export interface ReadServer {
  readonly protocol: Upstream['protocol']
  readonly server: ServerSettings
}

/** Reads `url` or `servers`, whichever there is. */
export function readServers(place: Place<Written>): Maybe<Servers> {
  const { url, servers } = place.written ?? {}
  if (url !== undefined && servers !== undefined) {
    const message = 'found url and servers, wanted one of them: move the url into the list'
    return place.at('url').fault(message, 'key')
  }
  if (servers !== undefined) return readList(place.at('servers'))
  if (url === undefined) {
    if (place.at('url').isFaulty || place.at('servers').isFaulty) return missing
    return place.fault('found no url, wanted one: write the address of the server', 'key')
  }
  const read = readServer(place.at('url'), { url, weight: 1, check: true })
  return read === missing ? missing : [read]
}

/** Without the schemes, which the upstream says once. */
export const withoutSchemes = ([first, ...rest]: Servers): Upstream['servers'] => [
  first.server,
  ...rest.map(({ server }) => server),
]

function readList(servers: Place<NonNullable<Written['servers']>>): Maybe<Servers> {
  const seen = new Set<string>()
  let protocol: Upstream['protocol'] | undefined
  const read = readEach(servers, (written: WrittenServer, server): Maybe<ReadServer> => {
    const place = server.at('url')
    const one = readServer(place, written)
    if (one === missing) return missing
    protocol ??= one.protocol
    if (one.protocol !== protocol) {
      const message = `found ${one.protocol} beside ${protocol}, wanted one scheme for all servers of an upstream: make two upstreams of it`
      return place.fault(message)
    }
    const { name } = one.server
    if (seen.has(name)) {
      const message = `found ${name} twice, wanted each server once: use weight to give it a larger share`
      return place.fault(message)
    }
    seen.add(name)
    return one
  })
  return nonEmptyList(read)
}

function readServer(
  place: Place<string>,
  { url: written, weight, check }: WrittenServer,
): Maybe<ReadServer> {
  if (written === undefined || weight === undefined || check === undefined) return missing
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    const message =
      'found a URL that cannot be read, wanted https:// with host and port: correct it'
    return place.fault(message)
  }
  const hostname = place.orFault(parseHost(url.hostname))
  if (hostname === missing) return missing
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  if (port === 0) return place.fault('found port 0, wanted one to connect to: correct it')
  const name = `${bracketed(hostname)}:${port}`
  return { protocol: url.protocol, server: { name, hostname, port, weight, check } }
}
