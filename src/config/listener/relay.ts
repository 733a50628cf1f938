/** What a sync port does with its connections, as the operator wrote it. */
import type { Listener, Relay } from '../config.ts'
import { readNetworks } from '../reading/networks.ts'
import { checkUpstream } from '../routes/read.ts'
import {
  type Desk,
  fault,
  isFaulty,
  type Maybe,
  missing,
  placeOf,
  present,
  warn,
} from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import type { Draft } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'

type Written = Draft<Document['listeners'][string]>
type WrittenRelay = NonNullable<Written['relay']>

/** Reads `relay`, which a sync port must have and no other listener may. */
export function readRelay(
  desk: Desk,
  at: Path,
  { written, upstreams }: { readonly written: Written; readonly upstreams: readonly string[] },
): Maybe<Listener['relay']> {
  const { purpose, relay, limits } = written
  const path = [...at, 'relay']
  if (purpose !== 'sync') {
    if (relay === undefined || purpose === undefined) return undefined
    const message = `found relay on a listener for ${purpose}, wanted it on a sync port alone: write purpose: sync, or remove it`
    return fault(desk, path, message, 'key')
  }
  for (const key of Object.keys(limits ?? {})) {
    const place = [...at, 'limits', key]
    if (!OF_A_RELAY.has(key) && desk.text.has(place)) warn(desk, place, NO_REQUESTS)
  }
  if (relay === undefined) {
    if (isFaulty(desk, path)) return missing
    return fault(desk, at, 'found no relay, wanted where a sync port leads: add relay', 'key')
  }
  return relayOf(desk, path, { relay, upstreams })
}

const OF_A_RELAY: ReadonlySet<string> = new Set(['connections', 'handshake', 'idle'])
const NO_REQUESTS = 'found a limit on requests, which has no effect on a sync port: remove it'

function relayOf(
  desk: Desk,
  path: Path,
  { relay, upstreams }: { readonly relay: WrittenRelay; readonly upstreams: readonly string[] },
): Maybe<Relay> {
  const before = desk.faults.length
  const upstream = relay.upstream ?? (upstreams.length === 1 ? upstreams[0] : undefined)
  if (relay.upstream !== undefined) {
    checkUpstream({ desk, upstreams }, [...path, 'upstream'], relay.upstream)
  } else if (upstream === undefined && !isFaulty(desk, [...path, 'upstream'])) {
    const message = `found ${upstreams.length} upstreams and no word on which of them the connections go to, wanted one named: add upstream`
    fault(desk, path, message, 'key')
  }
  const networks = readNetworks(desk, [...path, 'allow'], relay.allow)
  const certificate = present(relay.certificate)
  if (relay.sensitive === true && certificate === 'if-shown') {
    fault(desk, [...path, 'sensitive'], SENSITIVE, 'key')
  }
  if (relay.proxyProtocol === 'off' && desk.text.has([...path, 'proxyCertificate'])) {
    warn(desk, [...path, 'proxyCertificate'], NO_HEADER)
  }
  const place = present(relay.proxyProtocol)
  const withCertificate = present(relay.proxyCertificate)
  const sensitive = present(relay.sensitive)
  if (
    desk.faults.length > before ||
    upstream === undefined ||
    networks === missing ||
    certificate === missing ||
    place === missing ||
    withCertificate === missing ||
    sensitive === missing
  ) {
    return missing
  }
  const proxyProtocol = { place, certificate: withCertificate }
  return { at: placeOf(desk, path), upstream, certificate, sensitive, networks, proxyProtocol }
}

const SENSITIVE =
  'found sensitive where a certificate is asked for only if one is shown, wanted none: a device would pass by leaving it at home: remove it, or write certificate: device'
const NO_HEADER =
  'found proxyCertificate without a PROXY header to put it in, where it has no effect: remove it, or choose a proxyProtocol'
