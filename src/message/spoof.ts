/**
 * The names under which some proxy somewhere tells an upstream who the device is, where it came from or what it
 * asked for. Only we may say such things, so a device's own copies are removed, from every request, whichever
 * format the upstream reads: the server behind may read more than the operator knows.
 *
 * Servers that speak CGI turn `-` into `_`, some turn `.` into either; so names are compared with every character
 * that is neither letter nor digit taken as equal, and without regard to case.
 */

/** Whether a field of this name, in any spelling, tells who the device is. */
export function isIdentityField(name: string): boolean {
  const spelling = plain(name)
  return IDENTITY.has(spelling) || IDENTITY_FAMILIES.some((family) => spelling.startsWith(family))
}

/** Tells which fields a device may not send; `ours` are more names, or families such as `X-Device-*`. */
export function spoofGuard(ours: readonly string[]): (name: string) => boolean {
  const [names, families] = [new Set<string>(), new Array<string>()]
  for (const name of ours) {
    if (name.endsWith('*')) families.push(plain(name.slice(0, -1)))
    else names.add(plain(name))
  }
  return (name) => {
    const spelling = plain(name)
    return (
      names.has(spelling) ||
      OVERRIDES.has(spelling) ||
      families.some((family) => spelling.startsWith(family)) ||
      OVERRIDE_FAMILIES.some((family) => spelling.startsWith(family)) ||
      isIdentityField(name)
    )
  }
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')

/** Every producer of the table in `docs/`, and their relatives; a name that begins like this is one of them. */
const IDENTITY_FAMILIES: readonly string[] = [
  'cf-client-cert', // Cloudflare
  'client-cert', // RFC 9440, CloudFront, Google's variables
  'cloudfront-viewer-cert',
  'ssl-', // Apache, ingress-nginx, Tomcat's SSLValve: SSL_CLIENT_*, ssl_cipher, ssl_session_id …
  'wl-proxy-', // WebLogic
  'x-amzn-mtls-', // AWS ALB
  'x-arr-', // Azure App Service: X-ARR-ClientCert
  'x-client-cert', // Fleet's X-Client-Cert-Serial, and whatever operators build with nginx
  'x-mobileiron-', // Ivanti Sentry
  'x-ssl-', // HAProxy, F5
  'x-tls-',
]

const IDENTITY: ReadonlySet<string> = new Set([
  'ms-aspnetcore-clientcert',
  'nsclientcert', // NetScaler in front of XenMobile
  'remote-user',
  'x-client-cn',
  'x-client-dn',
  'x-client-fingerprint',
  'x-client-i-dn',
  'x-client-issuer',
  'x-client-s-dn',
  'x-client-san',
  'x-client-serial',
  'x-client-subject',
  'x-client-verify', // ours, for formats that have no verify field of their own
  'x-remote-user',
  'x-ssl',
])

/** `X-Forwarded-Client-Cert` (Envoy) and `X-Forwarded-Tls-Client-Cert` (Traefik) are of this family, too. */
const OVERRIDE_FAMILIES: readonly string[] = ['x-forwarded-', 'x-original-']

/** Address, authority, path and method other than those that were judged. */
const OVERRIDES: ReadonlySet<string> = new Set([
  'cf-connecting-ip',
  'client-ip',
  'fastly-client-ip',
  'forwarded',
  'proxy', // becomes HTTP_PROXY in CGI: "httpoxy"
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-envoy-original-path',
  'x-forwarded',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-override-url',
  'x-proxyuser-ip',
  'x-real-ip',
  'x-remote-addr',
  'x-remote-ip',
  'x-rewrite-url',
])
