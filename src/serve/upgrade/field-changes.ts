/** Which fields are removed from requests now, and were passed on by the version before. */
import type { Config } from '../../config/config.ts'
import { identityNames } from '../../message/encode/encode.ts'
import { IDENTITY_FIELDS, OVERRIDE_FIELDS } from '../../message/known-fields.ts'
import type { RuleChange } from './rule-change.ts'

/**
 * Names the upstreams that requests are forwarded to: what is removed is the same for all of them, and what is relayed
 * octet by octet loses nothing. It is a note: no setting lets such a field pass.
 */
export const fieldChanges = ({
  listeners,
  upstreams,
  removeFields,
}: Pick<Config, 'listeners' | 'removeFields' | 'upstreams'>): RuleChange => {
  const removed = newlyRemoved([
    ...removeFields,
    ...upstreams.flatMap(({ identity }) => (identity === undefined ? [] : identityNames(identity))),
  ])
  const forwardedTo = new Set(
    listeners.flatMap(({ routes }) => routes.rows.map(({ upstream }) => upstream)),
  )
  return {
    code: 'identity-fields',
    sentence: `more fields by which products tell who a client is, where it comes from or what it asks for are removed from requests; passed on before were, at least in part: ${removed.join(', ')}`,
    next: 'none; if devices themselves have to send one of these, their server has to read it under another name: there is no switch to let it pass (docs/identity-fields.md)',
    needsDecision: false,
    touched:
      removed.length === 0
        ? []
        : upstreams
            .filter(({ name }) => forwardedTo.has(name))
            .map(({ name }) => ({
              kind: 'upstream',
              name,
              before: 'got these fields as devices sent them',
              after: 'gets none of them from a device',
            })),
  }
}

/** Known names and families that neither the version before nor the configuration had removed whole. */
export function newlyRemoved(ours: readonly string[]): readonly string[] {
  const former = [...FORMER_FIELDS, ...ours]
  const known = [...IDENTITY_FIELDS, ...OVERRIDE_FIELDS].flatMap(({ names }) => names)
  return known.filter((name) => !former.some((one) => isWithin(name, one)))
}

/** Whether every name that one pattern stands for is met by the other; spellings are compared as `message/spoof.ts` does. */
function isWithin(name: string, other: string): boolean {
  const [one, all] = [plain(name), plain(other)]
  if (other.endsWith('*')) return one.startsWith(all)
  return !name.endsWith('*') && one === all
}

const plain = (name: string): string =>
  name
    .replace(/\*$/u, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/gu, '-')

/** What the version before removed. */
const FORMER_FIELDS: readonly string[] = [
  'CF-Client-Cert*',
  'Client-Cert*',
  'CloudFront-Viewer-Cert*',
  'SSL-*',
  'WL-Proxy-*',
  'X-Amzn-Mtls-*',
  'X-ARR-*',
  'X-Client-Cert*',
  'X-MobileIron-*',
  'X-SSL-*',
  'X-TLS-*',
  'X-Forwarded-*',
  'X-Original-*',
  'MS-ASPNETCORE-ClientCert',
  'NSClientCert',
  'Remote-User',
  'X-Client-CN',
  'X-Client-DN',
  'X-Client-Fingerprint',
  'X-Client-I-DN',
  'X-Client-Issuer',
  'X-Client-S-DN',
  'X-Client-SAN',
  'X-Client-Serial',
  'X-Client-Subject',
  'X-Client-Verify',
  'X-Remote-User',
  'X-SSL',
  'CF-Connecting-IP',
  'Client-IP',
  'Fastly-Client-IP',
  'Forwarded',
  'Proxy',
  'True-Client-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'X-Envoy-External-Address',
  'X-Envoy-Original-Path',
  'X-Forwarded',
  'X-Host',
  'X-HTTP-Method',
  'X-HTTP-Method-Override',
  'X-Method-Override',
  'X-Override-URL',
  'X-ProxyUser-IP',
  'X-Real-IP',
  'X-Remote-Addr',
  'X-Remote-IP',
  'X-Rewrite-URL',
]
