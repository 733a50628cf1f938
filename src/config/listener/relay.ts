/** What a sync port does with its connections, as the operator wrote it. */
import type { Listener, Relay } from '../config.ts'
import { readNetworks } from '../reading/networks.ts'
import { checkUpstream } from '../routes/read.ts'
import {
  type ReadContext,
  fault,
  isFaulty,
  type Maybe,
  missing,
  locationOf,
  orMissing,
  warn,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { DeepPartial } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'

type Written = DeepPartial<ConfigDocument['listeners'][string]>
type WrittenRelay = NonNullable<Written['relay']>

/** Reads `relay`, which a sync port must have and no other listener may. */
export function readRelay(
  context: ReadContext,
  at: Path,
  { written, upstreams }: { readonly written: Written; readonly upstreams: readonly string[] },
): Maybe<Listener['relay']> {
  const { purpose, relay, limits } = written
  const path = [...at, 'relay']
  if (purpose !== 'sync') {
    if (relay === undefined || purpose === undefined) return undefined
    const message = `found relay on a listener for ${purpose}, wanted it on a sync port alone: write purpose: sync, or remove it`
    return fault(context, path, message, 'key')
  }
  for (const key of Object.keys(limits ?? {})) {
    const place = [...at, 'limits', key]
    if (!RELAY_LIMITS.has(key) && context.text.has(place)) warn(context, place, NO_REQUESTS)
  }
  if (relay === undefined) {
    if (isFaulty(context, path)) return missing
    return fault(context, at, 'found no relay, wanted where a sync port leads: add relay', 'key')
  }
  return readRelaySettings(context, path, { relay, upstreams })
}

const RELAY_LIMITS: ReadonlySet<string> = new Set(['connections', 'handshake', 'idle'])
const NO_REQUESTS = 'found a limit on requests, which has no effect on a sync port: remove it'

function readRelaySettings(
  context: ReadContext,
  path: Path,
  { relay, upstreams }: { readonly relay: WrittenRelay; readonly upstreams: readonly string[] },
): Maybe<Relay> {
  const before = context.faults.length
  const upstream = relay.upstream ?? (upstreams.length === 1 ? upstreams[0] : undefined)
  if (relay.upstream !== undefined) {
    checkUpstream({ context, upstreams }, [...path, 'upstream'], relay.upstream)
  } else if (upstream === undefined && !isFaulty(context, [...path, 'upstream'])) {
    const message = `found ${upstreams.length} upstreams and no word on which of them the connections go to, wanted one named: add upstream`
    fault(context, path, message, 'key')
  }
  const networks = readNetworks(context, [...path, 'allow'], relay.allow)
  const certificate = orMissing(relay.certificate)
  if (relay.sensitive === true && certificate === 'if-shown') {
    fault(context, [...path, 'sensitive'], SENSITIVE, 'key')
  }
  if (relay.proxyProtocol === 'off' && context.text.has([...path, 'proxyCertificate'])) {
    warn(context, [...path, 'proxyCertificate'], NO_HEADER)
  }
  const place = orMissing(relay.proxyProtocol)
  const withCertificate = orMissing(relay.proxyCertificate)
  const sensitive = orMissing(relay.sensitive)
  if (
    context.faults.length > before ||
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
  return {
    at: locationOf(context, path),
    upstream,
    certificate,
    sensitive,
    networks,
    proxyProtocol,
  }
}

const SENSITIVE =
  'found sensitive where a certificate is asked for only if one is shown, wanted none: a device would pass by leaving it at home: remove it, or write certificate: device'
const NO_HEADER =
  'found proxyCertificate without a PROXY header to put it in, where it has no effect: remove it, or choose a proxyProtocol'
