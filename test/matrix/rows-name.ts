/** Which host a server shows, and for whom its certificate is. */
import type { LeafOptions } from '../support/certificates/mint.ts'
import { commonNameOnly, good, NAME, other, server } from './material.ts'
import { alerted, failed, served, type Expected, type Row } from './row.ts'

/** What the log says of a certificate for another host. */
export const mismatch = (issuedTo: string, wanted: string = NAME): string =>
  `server name mismatch, certificate issued to: [${issuedTo}], wanted: ${wanted}`

const misnamed = (issuedTo: string, wanted?: string): Expected =>
  failed('tls-name-mismatch', mismatch(issuedTo, wanted))

const virtualHost = { name: NAME, leaf: good }

export const SNI_ROWS: readonly Row[] = [
  {
    what: 'on: the virtual host answers',
    server: { leaf: other, virtualHost },
    expected: served(),
  },
  {
    what: 'off: the default host answers, and is not the one wanted',
    server: { leaf: other, virtualHost },
    tls: { sni: 'off' },
    expected: misnamed('default.matrix.test'),
  },
  {
    what: 'off, and the default host is the one wanted',
    server: { leaf: other, virtualHost },
    tls: { sni: 'off', hostname: 'default.matrix.test' },
    expected: served(),
  },
  {
    what: 'a given name reaches the virtual host, whatever name is verified',
    server: { leaf: other, virtualHost },
    tls: { sni: NAME, hostname: 'third.matrix.test' },
    expected: misnamed(NAME, 'third.matrix.test'),
  },
  {
    what: 'another given name reaches the default host',
    server: { leaf: other, virtualHost },
    tls: { sni: 'default.matrix.test' },
    expected: misnamed('default.matrix.test'),
  },
  {
    what: 'on, before a server that refuses other names',
    server: { leaf: undefined, virtualHost },
    expected: served(),
  },
  {
    what: 'a given name, before a server that refuses it',
    server: { leaf: undefined, virtualHost },
    tls: { sni: 'other.matrix.test' },
    expected: alerted('unrecognized_name'),
    except: { node: alerted('handshake_failure') },
  },
  {
    what: 'off, before a server that refuses other names',
    server: { leaf: undefined, virtualHost },
    tls: { sni: 'off' },
    expected: alerted('unrecognized_name'),
    // OpenSSL's refuses a name that it does not have, but not that there is none.
    except: { node: alerted('handshake_failure'), openssl: served() },
  },
]

const named = (what: string, names: Partial<LeafOptions>, expected: Expected): Row => ({
  what,
  server: { leaf: server(names) },
  expected,
})

const calling = (hostname: string, row: Row): Row => ({ ...row, tls: { hostname } })

const WILDCARD = { dns: ['*.matrix.test'] }

export const NAME_ROWS: readonly Row[] = [
  named('the right name', {}, served()),
  named('the right name among others', { dns: ['a.test', NAME, 'b.test'] }, served()),
  named('another name', { dns: ['s01-trvlr-001'] }, misnamed('s01-trvlr-001')),
  named('two other names', { dns: ['a.test', 'b.test'] }, misnamed('a.test, b.test')),
  {
    what: 'the right common name alone',
    server: { leaf: commonNameOnly },
    expected: misnamed(NAME),
  },
  named(
    'the right common name beside another alternative name',
    { name: NAME, dns: ['a.test'] },
    misnamed('a.test'),
  ),
  named('a wildcard for one label', WILDCARD, served()),
  calling(
    'a.mdm.matrix.test',
    named('a wildcard, two labels', WILDCARD, misnamed('*.matrix.test', 'a.mdm.matrix.test')),
  ),
  calling(
    'matrix.test',
    named('a wildcard, the bare domain', WILDCARD, misnamed('*.matrix.test', 'matrix.test')),
  ),
  named('a wildcard inside a label', { dns: ['md*.matrix.test'] }, misnamed('md*.matrix.test')),
  calling(
    '127.0.0.1',
    named('an address, as an address', { dns: [], ips: ['127.0.0.1'] }, served()),
  ),
  calling(
    '127.0.0.1',
    named(
      'an address, written as a name',
      { dns: ['127.0.0.1'] },
      misnamed('127.0.0.1', '127.0.0.1'),
    ),
  ),
  calling(
    '127.0.0.1',
    named('another address', { dns: [], ips: ['127.0.0.2'] }, misnamed('127.0.0.2', '127.0.0.1')),
  ),
  calling('::1', named('an IPv6 address, as an address', { dns: [], ips: ['::1'] }, served())),
]
