import { isIP } from 'node:net'
import { expect, test } from 'vitest'
import { isNamed, parseNamePattern } from '../../src/decide/name-pattern.ts'
import type { GeneralName } from '../../src/x509/certificate.ts'
import { ipOctets } from '../support/certificates/mint.ts'

function general(text: string): GeneralName {
  const colon = text.indexOf(':')
  const [kind, name] = [text.slice(0, colon), text.slice(colon + 1)]
  switch (kind) {
    case 'dns':
    case 'email':
    case 'uri':
      return { kind, text: name }
    case 'ip':
      return { kind, octets: isIP(name) ? ipOctets(name) : Buffer.from(name, 'hex'), text: name }
    default:
      return { kind: 'other', tag: 0, der: Buffer.from(name) }
  }
}

const MATCHING: readonly (readonly [pattern: string, name: string])[] = [
  ['dns:a.example', 'dns:a.example'],
  ['dns:A.Example', 'dns:a.eXample'],
  ['dns:*.a.example', 'dns:x.a.example'],
  ['dns:*.a.example', 'dns:Y.x.A.example'],
  ['dns:phone', 'dns:phone'],
  [`dns:${'a.'.repeat(126)}a`, `dns:${'a.'.repeat(126)}a`],
  ['email:a@b.example', 'email:a@B.example'],
  ['email:a@B.Example', 'email:a@b.example'],
  ['email:*@b.example', 'email:Any.One@b.example'],
  ['uri:urn:uuid:1234', 'uri:urn:uuid:1234'],
  ['uri:urn:uuid:*', 'uri:urn:uuid:1234'],
  ['uri:spiffe://a.example/*', 'uri:spiffe://a.example/x/y'],
  ['uri:x-id:?a=*', 'uri:x-id:?a=1'],
  ['ip:192.0.2.7', 'ip:192.0.2.7'],
  ['ip:255.255.255.255', 'ip:255.255.255.255'],
  ['ip:1:2:3::5:6:7:8', 'ip:1:2:3:0:5:6:7:8'],
  ['ip:192.0.2.0/24', 'ip:192.0.2.0'],
  ['ip:192.0.2.0/24', 'ip:192.0.2.255'],
  ['ip:192.0.2.4/31', 'ip:192.0.2.5'],
  ['ip:0.0.0.0/0', 'ip:203.0.113.9'],
  ['ip:2001:db8::/32', 'ip:2001:db8:ffff::1'],
  ['ip:::1', 'ip:::1'],
  ['ip:2001:db8:0:2:0:0:0:0/63', 'ip:2001:db8:0:3::9'],
  ['ip:2001:DB8::7', 'ip:2001:db8::7'],
]

const APART: readonly (readonly [pattern: string, name: string, why: string])[] = [
  ['dns:a.example', 'dns:x.a.example', 'a host is not what lies below it'],
  ['dns:*.a.example', 'dns:a.example', 'what lies below a host is not the host'],
  ['dns:*.a.example', 'dns:xa.example', 'a label is compared whole'],
  ['dns:*.a.example', 'dns:*.a.example', 'a wildcard in the certificate names no device'],
  ['dns:*.a.example', 'dns:.a.example', 'an empty label is no host'],
  ['dns:*.a.example', 'dns:x..a.example', 'an empty label within is no host'],
  ['dns:*.a.example', 'dns:x\u0000.a.example', 'a control character is no host'],
  ['dns:a.example', 'dns:a.example.', 'a trailing dot is another spelling'],
  ['dns:a.example', 'uri:a.example', 'kinds are compared first'],
  ['dns:a.example', 'other:a.example', 'an unknown kind matches nothing'],
  ['email:a@b.example', 'email:A@b.example', 'mailboxes keep their case'],
  ['email:*@b.example', 'email:a@x.b.example', 'all mailboxes of a host are of that host'],
  ['email:*@b.example', 'email:@b.example', 'an empty local part is no mailbox'],
  ['email:*@b.example', 'email:b.example', 'a host is no mailbox'],
  ['email:*@b.example', 'email:"a@c"@b.example', 'a quoted @ could be cut at two places'],
  ['email:a@b.example', 'dns:b.example', 'a host of mailboxes is no mailbox'],
  ['uri:urn:uuid:1234', 'uri:urn:uuid:12345', 'a URI is compared whole'],
  ['uri:urn:uuid:*', 'uri:urn:oid:1', 'a prefix is compared whole'],
  ['uri:spiffe://a.example/*', 'uri:spiffe://a.example.evil.test/', 'a prefix ends at a delimiter'],
  ['uri:urn:x', 'uri:URN:x', 'URIs keep their case'],
  ['uri:urn:x', 'dns:urn:x', 'a host is no URI'],
  ['ip:192.0.2.7', 'ip:192.0.2.8', 'an address is compared whole'],
  ['ip:192.0.2.0/24', 'ip:192.0.3.0', 'the address after a network is outside'],
  ['ip:192.0.2.0/24', 'ip:192.0.1.255', 'the address before a network is outside'],
  ['ip:0.0.0.0/0', 'ip:::1', 'the families never meet'],
  ['ip:192.0.2.0/24', 'ip:c0000200ffffff00', 'a range is no address'],
  ['ip:2001:db8:0:2::/63', 'ip:2001:db8:0:1::', 'bits are counted to the end'],
]

const FAULTY: readonly (readonly [pattern: string, wanted: string])[] = [
  ['a.example', 'wanted dns:'],
  [':a', 'wanted dns:'],
  ['', 'wanted dns:'],
  ['directory:CN=a', 'wanted dns:'],
  ['dns:', 'wanted a host name'],
  ['dns:*', 'wanted a host name'],
  ['dns:*.', 'wanted a host name'],
  ['dns:a.*.example', 'wanted a host name'],
  ['dns:*a.example', 'wanted a host name'],
  ['dns:a.example.', 'wanted a host name'],
  ['dns:a b', 'wanted a host name'],
  [`dns:${'a.'.repeat(126)}aa`, 'wanted a host name'],
  ['email:b.example', 'wanted a mailbox'],
  ['email:@b.example', 'wanted a mailbox'],
  ['email:a@b@c', 'wanted a mailbox'],
  ['email:a@*', 'wanted a mailbox'],
  ['uri:*', 'wanted a whole URI'],
  ['uri:1urn:x', 'wanted a whole URI'],
  ['uri:a/b', 'wanted a whole URI'],
  ['uri:urn:', 'wanted a whole URI'],
  ['uri:urn:a*b', 'wanted a whole URI'],
  ['uri:urn:a b', 'wanted a whole URI'],
  ['uri:https://a.example*', 'wanted * behind a delimiter'],
  ['ip:192.0.2', 'wanted an address'],
  ['ip:192.0.2.256', 'wanted an address'],
  ['ip:192.0.2.07', 'wanted an address'],
  ['ip:192.0.2.1/33', 'wanted an address'],
  ['ip:192.0.2.1/', 'wanted an address'],
  ['ip:192.0.2.1/-1', 'wanted an address'],
  ['ip:192.0.2.0/24/8', 'wanted an address'],
  ['ip:2001:db8::1::2', 'wanted an address'],
  ['ip:1:2:3:4:5:6:7', 'wanted an address'],
  ['ip:1:2:3:4:5:6:7:8:9', 'wanted an address'],
  ['ip:1:2:3:4::5:6:7:8', 'wanted an address'],
  ['ip:2001:db8::12345', 'wanted an address'],
  ['ip:2001:db8::/129', 'wanted an address'],
  ['ip:192.0.2.1/24', 'wanted nothing but zeros behind the first 24 bits'],
  ['ip:2001:db8::1/64', 'wanted nothing but zeros behind the first 64 bits'],
]

function matches(pattern: string, name: string): boolean {
  const parsed = parseNamePattern(pattern)
  if (!parsed.ok) throw new Error(`${pattern}: ${parsed.failure}`)
  return isNamed(general(name), parsed.value)
}

for (const [pattern, name] of MATCHING) {
  test(`${pattern} asks for ${name}`, () => {
    expect(matches(pattern, name)).toBe(true)
  })
}

for (const [pattern, name, why] of APART) {
  test(`${pattern} does not ask for ${JSON.stringify(name)}: ${why}`, () => {
    expect(matches(pattern, name)).toBe(false)
  })
}

for (const [pattern, wanted] of FAULTY) {
  test(`${pattern || 'nothing'} is no pattern: ${wanted}`, () => {
    expect(parseNamePattern(pattern)).toEqual({
      ok: false,
      failure: expect.stringContaining(wanted),
    })
  })
}

test('a pattern remembers how it was written', () => {
  expect(parseNamePattern('dns:*.A.example')).toMatchObject({
    value: { text: 'dns:*.A.example', kind: 'dns', host: 'a.example', below: true },
  })
})

test('a host that looks like a mailbox is none', () => {
  expect(matches('email:a@b.example', 'dns:a@b.example')).toBe(false)
})

test('the scheme of a URI may be written in capitals', () => {
  expect(matches('uri:URN:x', 'uri:URN:x')).toBe(true)
})
