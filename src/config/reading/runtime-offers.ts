/** What the TLS library of this process can do, asked once: its answer does not change while it runs. */
import { createSecureContext, getCiphers } from 'node:tls'
import { buildCatalogue, type Catalogue } from '../../upstream-tls/catalogue.ts'
import { GROUPS } from '../../upstream-tls/group.ts'
import { PROTOCOLS, type TlsVersion } from '../../upstream-tls/suite.ts'

let cached: Catalogue | undefined

/** The catalogue of outgoing protocols, suites and groups that this runtime really offers. */
export function runtimeCatalogue(): Catalogue {
  cached ??= buildCatalogue({
    protocols: PROTOCOLS.filter((one): one is TlsVersion => one !== 'SSLv2Hello').filter(
      (version) => accepts({ minVersion: version, maxVersion: version }),
    ),
    suites: getCiphers(),
    groups: GROUPS.map(({ name }) => name).filter(isGroupOffered),
  })
  return cached
}

/** Whether this runtime knows a group of that name. */
// There is no list to ask: node:crypto's getCurves() leaves out X25519 and every post-quantum group.
export const isGroupOffered = (name: string): boolean => accepts({ ecdhCurve: name })

function accepts(options: Parameters<typeof createSecureContext>[0]): boolean {
  try {
    createSecureContext(options)
    return true
  } catch {
    return false
  }
}
