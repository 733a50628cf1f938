/** Which cipher suites a listener that states none offered in the version before, and offers now. */
import type { Config } from '../../config/config.ts'
import { DEFAULT_CIPHER_SUITES } from '../../handshake/cipher-suites.ts'
import { serverIdentity, type IdentitySource } from '../../handshake/server-identity.ts'
import type { RuleChange, TouchedThing } from './rule-change.ts'

/** Names the listeners of which a suite is gone, with all that they offered. */
export const cipherChanges = ({
  listeners,
  admin,
}: Pick<Config, 'listeners' | 'admin'>): RuleChange => {
  const touched = [
    ...listeners
      .filter(({ tls }) => tls.ciphers === undefined)
      .flatMap(({ name, tls, certificates }) => touchedListener(name, tls, certificates)),
    ...(admin?.certificate === undefined
      ? []
      : touchedListener('admin API', ADMIN_TLS, [admin.certificate])),
  ]
  return {
    code: 'default-cipher-suites',
    sentence:
      'where no cipher suites are stated, forward-secret AEAD suites alone are offered, on the listeners of devices and of the admin API; a client that knows only suites that are gone shakes no hands',
    next: 'to go on offering others on a listener of devices, state `tls.ciphers` there; which suites devices agreed on so far is in no store, `tfe_tls_connections_total` tells it from now on',
    needsDecision: touched.length > 0,
    touched,
  }
}

interface Versions {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3'
}

/** As `admin/server.ts` has it, in both versions. */
const ADMIN_TLS: Versions = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' }

function touchedListener(
  name: string,
  versions: Versions,
  certificates: readonly IdentitySource[],
): readonly TouchedThing[] {
  const former = formerSuites(versions, certificates.map(keyKind))
  const gone = former.filter((one) => !DEFAULT_CIPHER_SUITES.includes(one))
  if (gone.length === 0) return []
  // The default is a part of the list of before: none is new.
  const kept = former.filter((one) => DEFAULT_CIPHER_SUITES.includes(one))
  return [
    {
      kind: 'listener',
      name,
      before: `offered ${former.join(', ')}`,
      after: `gone: ${gone.join(', ')}; left: ${kept.join(', ')}; new: none`,
    },
  ]
}

/** What the key of a server's certificate can be used for under TLS 1.2. */
type KeyKind = 'curve' | 'rsa' | 'rsa-pss'

/** What the version before offered with keys of these kinds where no suites were stated: what the runtime does. */
export function formerSuites(
  { minVersion, maxVersion }: Versions,
  kinds: readonly KeyKind[],
): readonly string[] {
  return [
    ...(maxVersion === 'TLSv1.3' ? NEW_SUITES : []),
    ...(minVersion === 'TLSv1.2' ? [...new Set(kinds)].flatMap((kind) => SUITES[kind]) : []),
  ]
}

/** One that cannot be read keeps the front end from starting, and says so there. */
function keyKind(source: IdentitySource): KeyKind {
  const identity = serverIdentity(source)
  if (!identity.ok) return 'rsa'
  const type = identity.value.certificates[0].publicKey.asymmetricKeyType
  return type === 'rsa' || type === 'rsa-pss' ? type : 'curve'
}

const NEW_SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
]

const EPHEMERAL_RSA = [
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ARIA128-GCM-SHA256',
  'ECDHE-ARIA256-GCM-SHA384',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-RSA-AES256-SHA',
]

const SUITES: Readonly<Record<KeyKind, readonly string[]>> = {
  curve: [
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-CCM',
    'ECDHE-ECDSA-AES256-CCM',
    'ECDHE-ECDSA-ARIA128-GCM-SHA256',
    'ECDHE-ECDSA-ARIA256-GCM-SHA384',
    'ECDHE-ECDSA-AES128-SHA256',
    'ECDHE-ECDSA-AES256-SHA384',
    'ECDHE-ECDSA-AES128-SHA',
    'ECDHE-ECDSA-AES256-SHA',
  ],
  'rsa-pss': EPHEMERAL_RSA,
  rsa: [
    ...EPHEMERAL_RSA,
    'AES128-GCM-SHA256',
    'AES256-GCM-SHA384',
    'AES128-CCM',
    'AES256-CCM',
    'ARIA128-GCM-SHA256',
    'ARIA256-GCM-SHA384',
    'AES128-SHA256',
    'AES256-SHA256',
    'AES128-SHA',
    'AES256-SHA',
  ],
}
