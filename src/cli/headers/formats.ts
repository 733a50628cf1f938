import type { IdentityFormat } from '../../message/encode/settings.ts'

/** The formats in which an upstream can be told who the device is, and who reads them. */
export const FORMATS: readonly { readonly name: IdentityFormat; readonly readers: string }[] = [
  { name: 'rfc9440', readers: 'the standard: Keycloak, NanoMDM after 0.7, most new software' },
  { name: 'nginx', readers: 'whatever stands behind nginx or ingress-nginx; NanoMDM, Keycloak' },
  { name: 'tomcat', readers: 'Tomcat with SSLValve, and so EPMM and MobileIron Core' },
  { name: 'apache', readers: 'whatever stands behind Apache httpd with mod_headers; Keycloak' },
  { name: 'haproxy', readers: 'whatever stands behind HAProxy with %[ssl_c_der,base64]' },
  { name: 'xfcc', readers: 'Envoy, Istio and services in their meshes' },
  { name: 'traefik', readers: 'whatever stands behind Traefik with passTLSClientCert' },
  { name: 'aws-alb', readers: 'whatever stands behind an AWS load balancer in verify mode' },
  {
    name: 'base64-der',
    readers: 'whoever reads bare base64: F5 rules, Azure, Cloudflare, Ivanti Sentry',
  },
]
