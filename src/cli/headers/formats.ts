import type { IdentityFormat } from '../../message/encode/settings.ts'

/** The formats in which an upstream can be told who the device is, and which software reads it. */
export const FORMATS: readonly { readonly name: IdentityFormat; readonly readers: string }[] = [
  { name: 'rfc9440', readers: 'the standard: Keycloak, NanoMDM after 0.7, most new software' },
  { name: 'nginx', readers: 'software behind nginx or ingress-nginx; NanoMDM, Keycloak' },
  { name: 'tomcat', readers: 'Tomcat with SSLValve, and so EPMM and MobileIron Core' },
  { name: 'apache', readers: 'software behind Apache httpd with mod_headers; Keycloak' },
  { name: 'haproxy', readers: 'software behind HAProxy with %[ssl_c_der,base64]' },
  { name: 'lighttpd', readers: 'programs that lighttpd called, with its variables as fields' },
  { name: 'xfcc', readers: 'Envoy, Istio and services in their meshes' },
  { name: 'traefik', readers: 'software behind Traefik with passTLSClientCert' },
  { name: 'aws-alb', readers: 'software behind an AWS load balancer in verify mode' },
  {
    name: 'base64-der',
    readers: 'bare base64: F5 rules, Azure, Cloudflare, Ivanti Sentry',
  },
]
