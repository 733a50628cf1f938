/**
 * The request fields by which some product tells a server who the client is, where it came from or what it asked for.
 * A server believes them from a front end, so a device may send none of them. `docs/identity-fields.md` is made of this
 * table.
 */

/** Names of one producer; one that ends in `*` stands for every name that begins so. */
export interface KnownFields {
  readonly producer: string
  readonly names: readonly string[]
  /** Where the producer, or a server that believes it, says so. */
  readonly source: string
}

/** Who the client is: its certificate, its account. */
export const IDENTITY_FIELDS: readonly KnownFields[] = [
  {
    producer: 'the standard; CloudFront; Google Cloud load balancers (`client_cert_…`)',
    names: ['Client-Cert*'],
    source: 'RFC 9440 §2; Google Cloud: custom headers, mutual TLS variables',
  },
  {
    producer: 'Apache httpd; lighttpd; Tomcat SSLValve; ingress-nginx',
    names: ['SSL-*'],
    source:
      'mod_ssl: environment variables; lighttpd: mod_openssl; Tomcat: SSLValve; ingress-nginx: client certificate annotations',
  },
  {
    producer: 'F5 BIG-IP, in the names of mod_ssl',
    names: ['SSLClient*', 'X-SSLClient*'],
    source:
      'F5 iRules: X509::cert_fields, SSL::modssl_sessionid_headers; the second with the prefix of HAProxy',
  },
  {
    producer: 'HAProxy; F5 iRules',
    names: ['X-SSL', 'X-SSL-*'],
    source:
      'HAProxy: ssl_c_* fetches in its examples; F5 DevCentral: client certificate in HTTP headers',
  },
  {
    producer: 'nginx and Fleet, as operators name them',
    names: [
      'X-Client-Cert*',
      'X-ClientCert*',
      'X-Client-CN*',
      'X-Client-DN*',
      'X-Client-Fingerprint*',
      'X-Client-I-DN*',
      'X-Client-Issuer*',
      'X-Client-S-DN*',
      'X-Client-SAN*',
      'X-Client-Serial*',
      'X-Client-Subject*',
      'X-Client-Verif*',
    ],
    source:
      'nginx: ngx_http_ssl_module variables, set by proxy_set_header; Fleet: X-Client-Cert-Serial',
  },
  {
    producer: 'proxies in general',
    names: ['TLS-Client-*', 'X-TLS-*', 'X-Certificate*'],
    source: 'set-ups with Caddy, Traefik and HAProxy that operators publish',
  },
  {
    producer: 'Envoy and Istio; Traefik; oauth2-proxy',
    names: [
      'X-Forwarded-Client-Cert*',
      'X-Forwarded-Tls-Client-Cert*',
      'X-Forwarded-User',
      'X-Forwarded-Email',
      'X-Forwarded-Groups',
      'X-Forwarded-Preferred-Username',
      'X-Forwarded-Access-Token',
    ],
    source:
      'Envoy: HTTP header manipulation, x-forwarded-client-cert; Traefik: PassTLSClientCert; oauth2-proxy: header options',
  },
  {
    producer: 'AWS Application Load Balancer',
    names: ['X-Amzn-Mtls-*', 'X-Amzn-Oidc-*'],
    source: 'Elastic Load Balancing: mutual TLS, authenticating users',
  },
  {
    producer: 'AWS CloudFront',
    names: ['CloudFront-Viewer-Cert*'],
    source: 'CloudFront: viewer mTLS headers',
  },
  {
    producer: 'Cloudflare',
    names: [
      'CF-Cert-*',
      'CF-Client-Cert*',
      'CF-Access-Authenticated-User-*',
      'CF-Access-Jwt-Assertion',
    ],
    source: 'Cloudflare: managed transforms, forward a client certificate, Access: validate JWTs',
  },
  {
    producer: 'Azure App Service; ASP.NET Core Module',
    names: ['X-ARR-*', 'X-MS-Client-Principal*', 'X-MS-Token-*', 'MS-ASPNETCORE-*'],
    source: 'Azure App Service: TLS mutual authentication, work with user identities',
  },
  {
    producer: 'Google Identity-Aware Proxy; App Engine',
    names: ['X-Goog-Authenticated-User-*', 'X-Goog-IAP-*', 'X-Appengine-*'],
    source: "Identity-Aware Proxy: getting the user's identity; App Engine: request headers",
  },
  {
    producer: 'IBM WebSphere plug-in',
    names: ['$WS*'],
    source: 'WebSphere Application Server: private headers ($WSCC, $WSRU, $WSRA, $WSIS …)',
  },
  {
    producer: 'Oracle WebLogic plug-in; Oracle Access Manager',
    names: ['WL-Proxy-*', 'Proxy-Client-IP', 'OAM-Remote-User*'],
    source:
      'WebLogic: WL-Proxy-Client-Cert, WebLogic plug-in enabled; Access Manager: OAM_REMOTE_USER',
  },
  {
    producer: 'IBM Security Verify Access (WebSEAL)',
    names: ['IV-*'],
    source: 'WebSEAL: iv-user, iv-groups, iv-creds, iv-remote-address',
  },
  {
    producer: 'Symantec SiteMinder',
    names: ['SM-*', 'SMUser*'],
    source: 'SiteMinder web agent: default HTTP headers (SM_USER, SM_USERDN, SM_SERVERSESSIONID …)',
  },
  {
    producer: 'NetScaler',
    names: ['NSClientCert*', 'NS-Client*'],
    source: 'NetScaler: certHeader of an SSL action; XenMobile deployment guide',
  },
  {
    producer: 'Ivanti Sentry',
    names: ['X-MobileIron-*'],
    source: 'Standalone Sentry: user and device context headers',
  },
  {
    producer: 'Linkerd',
    names: ['L5d-*'],
    source: 'Linkerd: proxy headers (l5d-client-id, l5d-dst-override)',
  },
  {
    producer: 'CGI; Authelia',
    names: ['Remote-User', 'Remote-Groups', 'Remote-Name', 'Remote-Email'],
    source: 'RFC 3875 §4.1.11; Authelia: trusted header SSO',
  },
  {
    producer: 'Kubernetes',
    names: ['X-Remote-*'],
    source: 'Kubernetes: authenticating proxy (X-Remote-User, X-Remote-Group, X-Remote-Extra-…)',
  },
  {
    producer: 'oauth2-proxy; Grafana; authentik; Pomerium; Tailscale; Kong; Shibboleth',
    names: [
      'X-Auth-Request-*',
      'X-WebAuth-*',
      'X-Authentik-*',
      'X-Pomerium-*',
      'Tailscale-*',
      'X-Consumer-*',
      'X-Credential-*',
      'X-Authenticated-*',
      'X-Anonymous-Consumer',
      'Shib-*',
    ],
    source:
      'oauth2-proxy: header options; Grafana: auth proxy; authentik: proxy provider; Pomerium: identity headers; Tailscale: serve; Kong: upstream headers; Shibboleth: spoof checking',
  },
]

/** Address, authority, path and method other than those that were judged. */
export const OVERRIDE_FIELDS: readonly KnownFields[] = [
  {
    producer: 'the standard',
    names: ['Forwarded', 'X-Forwarded', 'X-Forwarded-*'],
    source: 'RFC 7239 §4 and the fields that it replaces',
  },
  {
    producer: 'nginx, Apache mod_remoteip, HAProxy',
    names: ['X-Real-IP', 'X-Real-Port', 'X-Client-IP', 'Client-IP', 'X-Cluster-Client-IP'],
    source:
      'ngx_http_realip_module; mod_remoteip: RemoteIPHeader; Zeus and Rackspace load balancers',
  },
  {
    producer: 'content delivery networks',
    names: [
      'CF-Connecting-IP*',
      'CF-Pseudo-IPv4',
      'True-Client-IP',
      'Fastly-Client*',
      'Incap-Client-IP',
      'X-Sucuri-Client*',
      'Fly-Client-IP',
      'DO-Connecting-IP',
      'X-Nf-Client-Connection-IP',
      'X-Azure-*',
    ],
    source:
      'Cloudflare, Akamai, Fastly, Imperva, Sucuri, Fly.io, DigitalOcean, Netlify, Azure Front Door: request headers',
  },
  {
    producer: 'Envoy',
    names: ['X-Envoy-*'],
    source: 'Envoy: HTTP header sanitizing, which removes them from external requests',
  },
  {
    producer: 'mail and conferencing gateways, older proxies',
    names: ['X-Originating-IP', 'X-ProxyUser-IP'],
    source: 'Exchange: X-Originating-IP; Google: X-ProxyUser-Ip',
  },
  {
    producer: 'IIS, Symfony, Zend and others that let a field replace the path',
    names: ['X-Original-*', 'X-Rewrite-URL', 'X-Override-URL', 'X-Host', 'X-HTTP-Host-Override'],
    source: 'IIS URL Rewrite, ISAPI_Rewrite; CVE-2018-14773 (Symfony)',
  },
  {
    producer: 'frameworks that let a field replace the method',
    names: ['X-HTTP-Method', 'X-HTTP-Method-Override', 'X-Method-Override'],
    source: 'Microsoft REST guidelines; Rails, Express method-override',
  },
  {
    producer: 'Microsoft TMG and others that tell the scheme',
    names: ['Front-End-Https', 'X-Scheme', 'X-URL-Scheme'],
    source: 'Exchange behind ISA and TMG; ingress-nginx: X-Scheme',
  },
  {
    producer: 'CGI, where it becomes the variable HTTP_PROXY',
    names: ['Proxy'],
    source: 'CVE-2016-5385 and relatives ("httpoxy")',
  },
]
