import type { Listener, Relay } from '../../../config/listener/types.ts'
import { isPubliclyTrusted } from '../../../handshake/public-authorities.ts'
import type { ServerIdentity } from '../../../handshake/server-identity.ts'
import { isoText, type Instant } from '../../../kernel/types.ts'
import type { CompiledListener } from '../../../state/compiled-config.ts'

/** What devices would meet on a port. */
export function listenerFacts(
  { name, purpose, exposure, address, port, hosts, routes, tls, relay, limits }: Listener,
  compiled: CompiledListener | undefined,
): object {
  return {
    name,
    purpose,
    exposure: exposure ?? null,
    address,
    port,
    hosts,
    certificates: compiled?.identities.map(certificateFacts) ?? null,
    tls: {
      min_version: tls.minVersion,
      max_version: tls.maxVersion,
      resumption: tls.resumption,
      resumes: compiled?.tls.resumption ?? null,
      names_cas: tls.advertiseCas,
    },
    routes: relay === undefined ? routes.name : null,
    relay: relay === undefined ? null : relayFacts(relay, limits.idle),
  }
}

function certificateFacts({ certificates, names }: ServerIdentity): object {
  const [{ validToDate }] = certificates
  return {
    names,
    not_after: isoText(validToDate.getTime() as Instant),
    publicly_trusted: isPubliclyTrusted(certificates),
  }
}

const relayFacts = (
  { upstream, certificate, sensitive, networks, proxyProtocol }: Relay,
  idle: number,
): object => ({
  upstream,
  idle_ms: idle,
  certificate,
  sensitive,
  networks: networks?.map(({ text }) => text) ?? null,
  proxy_protocol: proxyProtocol,
})
