/** Protocols and cipher suites, each alone at one end and at both. */
import { good, goodRsa } from './material.ts'
import { alerted, ALL_PROTOCOLS, served, type Protocol, type Row } from './row.ts'

const WEAK: ReadonlySet<Protocol> = new Set(['TLSv1.1', 'TLSv1'])

const OLDER = alerted('protocol_version')

export const PROTOCOL_ROWS: readonly Row[] = [
  ...ALL_PROTOCOLS.map((protocol) => ({
    what: `${protocol} selected alone, before a server with all four`,
    server: { leaf: good },
    tls: { protocols: [protocol] },
    expected: served({ protocol }),
  })),
  ...ALL_PROTOCOLS.map((protocol) => ({
    what: `${protocol} at both ends alone`,
    server: { leaf: good, protocols: [protocol] },
    tls: { protocols: [protocol] },
    expected: served({ protocol }),
  })),
  ...ALL_PROTOCOLS.map((protocol) => ({
    what: `the default, before a server with ${protocol} alone`,
    server: { leaf: good, protocols: [protocol] },
    expected: WEAK.has(protocol) ? OLDER : served({ protocol }),
  })),
  {
    what: 'TLSv1.3 selected alone, before a server with TLSv1.2 alone',
    server: { leaf: good, protocols: ['TLSv1.2'] },
    tls: { protocols: ['TLSv1.3'] },
    expected: OLDER,
  },
  {
    what: 'TLSv1.2 selected alone, before a server with TLSv1.3 alone',
    server: { leaf: good, protocols: ['TLSv1.3'] },
    tls: { protocols: ['TLSv1.2'] },
    expected: OLDER,
  },
]

interface Suite {
  /** As the operator writes it. */
  readonly written: string
  /** OpenSSL's name, which servers report. */
  readonly name: string
  readonly protocol: Protocol
  readonly rsa?: true
}

const SUITES: readonly Suite[] = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'].map(
    (name) => ({ written: name, name, protocol: 'TLSv1.3' as const }),
  ),
  {
    written: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    name: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    protocol: 'TLSv1.2',
  },
  {
    written: 'ECDHE-RSA-AES256-GCM-SHA384',
    name: 'ECDHE-RSA-AES256-GCM-SHA384',
    protocol: 'TLSv1.2',
    rsa: true,
  },
  {
    written: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    name: 'ECDHE-ECDSA-CHACHA20-POLY1305',
    protocol: 'TLSv1.2',
  },
  {
    written: 'ECDHE-ECDSA-AES256-SHA384',
    name: 'ECDHE-ECDSA-AES256-SHA384',
    protocol: 'TLSv1.2',
  },
  {
    written: 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
    name: 'ECDHE-RSA-AES128-SHA',
    protocol: 'TLSv1.2',
    rsa: true,
  },
  {
    written: 'TLS_RSA_WITH_AES_256_GCM_SHA384',
    name: 'AES256-GCM-SHA384',
    protocol: 'TLSv1.2',
    rsa: true,
  },
  { written: 'AES128-SHA', name: 'AES128-SHA', protocol: 'TLSv1.2', rsa: true },
]

export const SUITE_ROWS: readonly Row[] = [
  ...SUITES.map(({ written, name, protocol, rsa }) => ({
    what: written,
    server: { leaf: rsa === true ? goodRsa : good },
    tls: { protocols: [protocol], ciphers: [written] },
    expected: served({ protocol, suite: name }),
  })),
  {
    what: 'TLS_AES_128_GCM_SHA256, before a server without it',
    server: { leaf: good, protocols: ['TLSv1.3'], suites: ['TLS_AES_256_GCM_SHA384'] },
    tls: { protocols: ['TLSv1.3'], ciphers: ['TLS_AES_128_GCM_SHA256'] },
    expected: alerted('handshake_failure'),
  },
  {
    what: 'ECDHE-ECDSA-AES128-GCM-SHA256, before a server without it',
    server: { leaf: good, protocols: ['TLSv1.2'], suites: ['ECDHE-ECDSA-AES256-GCM-SHA384'] },
    tls: { protocols: ['TLSv1.2'], ciphers: ['ECDHE-ECDSA-AES128-GCM-SHA256'] },
    expected: alerted('handshake_failure'),
  },
  {
    what: 'the default, before a server with AES128-SHA alone',
    server: { leaf: goodRsa, protocols: ['TLSv1.2'], suites: ['AES128-SHA'] },
    expected: alerted('handshake_failure'),
  },
]
