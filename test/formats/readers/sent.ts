/** Where each format puts certificates, and in which shape. */
import type { Way } from '../front-end.ts'
import type { Shape } from './parsers.ts'

/** One field with certificates in it. */
export interface Place {
  /** The format, or `proxy-header`. */
  readonly format: string
  /** In lower case. */
  readonly field: string
  readonly shape: Shape
  readonly holds: 'leaf' | 'intermediates' | 'both'
}

const place = (
  format: string,
  field: string,
  shape: Shape,
  holds: Place['holds'] = 'leaf',
): Place => ({ format, field, shape, holds })

export const PLACES: readonly Place[] = [
  place('rfc9440', 'client-cert', 'byte-sequences'),
  place('rfc9440', 'client-cert-chain', 'byte-sequences', 'intermediates'),
  place('nginx', 'ssl-client-cert', 'escaped-pem'),
  place('tomcat', 'ssl_client_cert', 'spaced-pem'),
  place('apache', 'ssl_client_cert', 'spaced-pem'),
  place('apache', 'ssl_client_cert_chain_0', 'spaced-pem', 'intermediates'),
  place('haproxy', 'x-ssl-client-cert', 'base64'),
  place('haproxy', 'x-ssl-client-chain', 'base64', 'intermediates'),
  place('lighttpd', 'ssl_client_cert', 'spaced-pem'),
  place('xfcc', 'x-forwarded-client-cert', 'xfcc-cert'),
  place('xfcc', 'x-forwarded-client-cert', 'xfcc-chain', 'both'),
  place('traefik', 'x-forwarded-tls-client-cert', 'base64-list', 'both'),
  place('aws-alb', 'x-amzn-mtls-clientcert-leaf', 'half-escaped-pem'),
  place('base64-der', 'x-client-cert', 'base64'),
  place('proxy-header', 'proxy-certificate', 'base64'),
]

/** One way to the upstream for each format. */
export const waysOfFormats = (upstream: number): readonly Way[] =>
  [...new Set(PLACES.map(({ format }) => format))].map((format) => ({
    name: format,
    url: `http://127.0.0.1:${upstream}`,
    identity: format === 'proxy-header' ? format : { format, chain: true, maxBytes: '64KiB' },
  }))

/** The ways in which Tomcat's SSLValve finds a certificate. */
export const waysOfTomcat = (port: number): readonly Way[] =>
  [
    { format: 'tomcat' },
    { format: 'apache', chain: true },
    { format: 'nginx', fields: { certificate: 'ssl_client_escaped_cert' } },
  ].map((identity) => ({
    name: `${identity.format} before tomcat`,
    url: `https://localhost:${port}`,
    identity,
  }))
