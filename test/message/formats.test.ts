import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { identityFields } from '../../src/message/encode/encode.ts'
import type { IdentityFormat, IdentitySettings } from '../../src/message/encode/settings.ts'
import * as der from '../support/certificates/der-writer.ts'
import { aDevice, named, settings } from './encoder-devices.ts'

const device = aDevice({ dns: ['d1.example', 'd2.example'], uris: ['urn:uuid:1', 'tag:a,b;c=d'] })
const deep = aDevice({}, 2)
const [leaf, intermediate] = device.path.certificates
const b64 = leaf.der.toString('base64')
const intermediateB64 = intermediate?.der.toString('base64') ?? ''
const deepChain = deep.path.certificates.slice(1)

const fieldsIn = (
  format: IdentityFormat,
  parts: Partial<IdentitySettings> = {},
): Record<string, string> => named(identityFields(device, settings({ format, ...parts })))

/** Node prints PEM as OpenSSL does. */
const pem = new X509Certificate(leaf.der).toString()
const SUBJECT = 'CN=device 1,O=Acme\\, Inc.,C=DE'

test('rfc9440 sends the leaf as a byte sequence', () => {
  expect(fieldsIn('rfc9440')).toEqual({ 'Client-Cert': `:${b64}:`, 'X-Client-Verify': 'SUCCESS' })
})

test('rfc9440 sends the chain as a list, without the leaf and the anchor, nearest first', () => {
  const fields = named(identityFields(deep, settings({ chain: true })))
  const list = deepChain.map(({ der }) => `:${der.toString('base64')}:`)
  expect(list).toHaveLength(2)
  expect(fields['Client-Cert-Chain']).toBe(list.join(', '))
})

test('rfc9440 sends no chain field when there is no intermediate', () => {
  const { path, ...rest } = device
  const short = { ...rest, path: { ...path, certificates: [leaf] } as unknown as typeof path }
  expect(named(identityFields(short, settings({ chain: true })))).not.toHaveProperty(
    'Client-Cert-Chain',
  )
})

test('nginx sends the escaped PEM, last line break included', () => {
  const fields = fieldsIn('nginx')
  expect(fields).toMatchObject({
    'ssl-client-verify': 'SUCCESS',
    'ssl-client-subject-dn': SUBJECT,
    'ssl-client-issuer-dn': 'CN=Issuing CA',
  })
  const escaped = fields['ssl-client-cert'] ?? ''
  expect(escaped).toMatch(/^-----BEGIN%20CERTIFICATE-----%0AMII[A-Za-z0-9._~%-]+%0A$/)
  expect(decodeURIComponent(escaped)).toBe(pem)
})

test('nginx spares nothing but letters, digits, hyphen, dot, underscore and tilde', () => {
  for (let serial = 1; serial < 30; serial++) {
    const one = aDevice({ serial })
    const escaped = named(identityFields(one, settings({ format: 'nginx' })))['ssl-client-cert']
    expect(escaped?.replaceAll(/%[0-9A-F]{2}/g, '')).toMatch(/^[A-Za-z0-9._~-]+$/)
    expect(decodeURIComponent(escaped ?? '')).toBe(one.pem)
  }
})

test('nginx sends no chain, for it has none', () => {
  expect(fieldsIn('nginx', { chain: true })).toEqual(fieldsIn('nginx'))
})

test('tomcat sends PEM with spaces for line breaks, and one certificate only', () => {
  const fields = fieldsIn('tomcat', { chain: true })
  expect(Object.keys(fields)).toEqual(['ssl_client_cert', 'X-Client-Verify'])
  expect(`${fields['ssl_client_cert']?.replaceAll(/ (?!CERTIFICATE)/g, '\n')}\n`).toBe(pem)
})

test('tomcat sends the escaped PEM, too, where it has a name', () => {
  const fields = fieldsIn('tomcat', { fields: { escapedCertificate: 'ssl_client_escaped_cert' } })
  expect(decodeURIComponent(fields['ssl_client_escaped_cert'] ?? '')).toBe(pem)
})

test('apache sends mod_ssl’s variables', () => {
  const fields = fieldsIn('apache', { chain: true })
  expect(fields).toMatchObject({
    SSL_CLIENT_VERIFY: 'SUCCESS',
    SSL_CLIENT_S_DN: SUBJECT,
    SSL_CLIENT_I_DN: 'CN=Issuing CA',
    SSL_CLIENT_M_SERIAL: '0A1B',
  })
  expect(`${fields['SSL_CLIENT_CERT']?.replaceAll(/ (?!CERTIFICATE)/g, '\n')}\n`).toBe(pem)
})

test('apache sends one numbered field for each intermediate, nearest first', () => {
  const fields = named(identityFields(deep, settings({ format: 'apache', chain: true })))
  for (const [index, { der }] of deepChain.entries()) {
    const sent = fields[`SSL_CLIENT_CERT_CHAIN_${index}`] ?? ''
    expect(new X509Certificate(sent.replaceAll(/ (?!CERTIFICATE)/g, '\n')).raw).toEqual(der)
  }
  expect(fields).not.toHaveProperty('SSL_CLIENT_CERT_CHAIN_2')
})

test('haproxy sends base64, its own times and the numeric verdict', () => {
  const fields = fieldsIn('haproxy', { name: 'format' })
  expect(fields).toEqual({
    'X-SSL-Client-Cert': b64,
    'X-SSL-Client-Used': '1',
    'X-SSL-Client-Verify': '0',
    'X-SSL-Client-DN': '/C=DE/O=Acme, Inc./CN=device 1',
    'X-SSL-Issuer': '/CN=Issuing CA',
    'X-SSL-Client-CN': 'device 1',
    'X-SSL-Client-SHA1': new X509Certificate(leaf.der).fingerprint.replaceAll(':', ''),
    'X-SSL-Client-NotBefore': '260901010203Z',
    'X-SSL-Client-NotAfter': '271112224321Z',
  })
})

test('haproxy sends the chain as the intermediates one behind the other, leaf excluded', () => {
  const fields = named(identityFields(deep, settings({ format: 'haproxy', chain: true })))
  const whole = Buffer.concat(deepChain.map(({ der }) => der)).toString('base64')
  expect(fields['X-SSL-Client-Chain']).toBe(whole)
})

test('xfcc sends one element, quoted where it must be', () => {
  const { 'x-forwarded-client-cert': element = '', ...rest } = fieldsIn('xfcc')
  expect(rest).toEqual({ 'X-Client-Verify': 'SUCCESS' })
  expect(element).toBe(
    [
      `Hash=${leaf.fingerprint}`,
      `Cert="${encodeURIComponent(pem)}"`,
      `Subject="${SUBJECT}"`,
      'DNS=d1.example',
      'DNS=d2.example',
      'URI=urn:uuid:1',
      'URI="tag:a,b;c=d"',
    ].join(';'),
  )
})

test('xfcc sends the chain with the leaf in it', () => {
  const fields = named(identityFields(deep, settings({ format: 'xfcc', chain: true })))
  const all = deep.path.certificates.map(({ der }) => new X509Certificate(der).toString()).join('')
  expect(fields['x-forwarded-client-cert']).toContain(`;Chain="${encodeURIComponent(all)}";`)
})

test('xfcc writes the subject in a form that quotes can hold', () => {
  expect(fieldsIn('xfcc', { name: 'slash' })).toEqual(fieldsIn('xfcc', { name: 'rfc2253' }))
  const odd = aDevice({ subject: der.nameOf(['1.2.840.113549.1.9.1', 'x']) })
  const subjectIn = (name: IdentitySettings['name']): string | undefined => {
    const fields = named(identityFields(odd, settings({ format: 'xfcc', name })))
    return /Subject="(?<subject>[^"]*)"/u.exec(fields['x-forwarded-client-cert'] ?? '')?.[1]
  }
  expect(subjectIn('rfc2253')).toBe('emailAddress=x')
  expect(subjectIn('rfc4514')).toBe('1.2.840.113549.1.9.1=#0c0178')
})

test('traefik sends bare base64 and the facts as one query-escaped text', () => {
  const fields = fieldsIn('traefik')
  expect(fields).toMatchObject({
    'X-Forwarded-Tls-Client-Cert': b64,
    'X-Client-Verify': 'SUCCESS',
  })
  const info = fields['X-Forwarded-Tls-Client-Cert-Info'] ?? ''
  expect(info).toMatch(/^[A-Za-z0-9._~+%-]+$/)
  expect(decodeURIComponent(info.replaceAll('+', ' '))).toBe(
    [
      'Subject="C=DE,O=Acme, Inc.,CN=device 1"',
      'Issuer="CN=Issuing CA"',
      'SerialNumber="2587"',
      `NB="${Date.UTC(2026, 8, 1, 1, 2, 3) / 1000}"`,
      `NA="${Date.UTC(2027, 10, 12, 22, 43, 21) / 1000}"`,
      'SAN="d1.example,d2.example,urn:uuid:1,tag:a,b;c%3Dd"',
    ].join(';'),
  )
})

test('traefik sends the chain behind the leaf, in both fields', () => {
  const fields = fieldsIn('traefik', { chain: true })
  expect(fields['X-Forwarded-Tls-Client-Cert']).toBe(`${b64},${intermediateB64}`)
  const info = decodeURIComponent(fields['X-Forwarded-Tls-Client-Cert-Info'] ?? '')
  expect(info.match(/Subject=/g)).toHaveLength(2)
  expect(info).toMatch(/,Subject="CN=Issuing\+CA";Issuer="CN=Root\+CA";[^,]*$/)
})

test('aws-alb sends what ALB sends in verify mode', () => {
  const { 'X-Amzn-Mtls-Clientcert-Leaf': sent = '', ...rest } = fieldsIn('aws-alb')
  expect(rest).toEqual({
    'X-Client-Verify': 'SUCCESS',
    'X-Amzn-Mtls-Clientcert-Subject': SUBJECT,
    'X-Amzn-Mtls-Clientcert-Issuer': 'CN=Issuing CA',
    'X-Amzn-Mtls-Clientcert-Serial-Number': '0A1B',
    'X-Amzn-Mtls-Clientcert-Validity':
      'NotBefore=2026-09-01T01:02:03Z;NotAfter=2027-11-12T22:43:21Z',
  })
  expect(sent.replaceAll(/%(?:20|0A)/g, '')).toMatch(/^[A-Za-z0-9+=/-]+$/)
  expect(decodeURIComponent(sent)).toBe(pem)
})

test('aws-alb sends the whole path, leaf first, where the chain has a name', () => {
  const fields = { chain: 'X-Amzn-Mtls-Clientcert' }
  const sent = fieldsIn('aws-alb', { chain: true, fields })['X-Amzn-Mtls-Clientcert'] ?? ''
  const both = [leaf, intermediate].map((one) => new X509Certificate(one?.der ?? '').toString())
  expect(decodeURIComponent(sent)).toBe(both.join(''))
})

test('base64-der sends the bare certificate', () => {
  expect(fieldsIn('base64-der')).toEqual({ 'X-Client-Cert': b64, 'X-Client-Verify': 'SUCCESS' })
})
