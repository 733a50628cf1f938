/**
 * B13: one printing of a name that is not ASCII, and the choice among several common names. B14: what a format says is what
 * the product of that name says of the same certificate, which stands beside; `npm run test:formats` has every field.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from 'node:crypto'
import { nameOf, oid, sequence, set, tlv } from '../../support/certificates/der-writer.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { tfe } from '../../support/cli/run-command.ts'
import { fleet } from '../../support/front-ends/product.ts'
import type { Scene, Seen } from '../case.ts'
import { openssl } from './openssl.ts'
import { besidePeers } from './peers.ts'

const PRINTABLE = 0x13
/** A PrintableString with UTF-8 in it, as many CAs write it. */
const umlaut = mintLeaf({
  issuer: fleet.root,
  subject: sequence(set(sequence(oid('2.5.4.3'), tlv(PRINTABLE, Buffer.from('Gerät'))))),
})
const two = mintLeaf({
  issuer: fleet.root,
  subject: nameOf(['2.5.4.3', 'first'], ['2.5.4.3', 'last']),
})
const utf8 = mintLeaf({ issuer: fleet.root, subject: nameOf(['2.5.4.3', 'Jörg']) })
const until = (year: number): Leaf =>
  mintLeaf({ issuer: fleet.root, notAfter: Date.UTC(year, 0, 2, 3, 4, 5) })

/** The values of these fields, as `tfe headers` prints them. */
async function printed(leaf: Leaf, format: string, ...names: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-names-'))
  try {
    const file = join(folder, 'leaf.pem')
    writeFileSync(file, leaf.pem)
    const { out } = await tfe(['headers', file, '--format', format])
    const lines = out.split('\n')
    return names
      .map((name) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2))
      .map((value) => value ?? 'nothing')
      .join(', ')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const DN = { nginx: '$ssl_client_s_dn', haproxy: '%[ssl_c_s_dn] %[ssl_c_s_dn(cn)]' }
const DAYS = {
  nginx: '$ssl_client_v_end',
  haproxy: '%[ssl_c_notafter] %[ssl_c_sha1,hex]',
}

interface Row {
  readonly id: string
  readonly what: string
  readonly leaf: Leaf
  readonly format: string
  readonly names: readonly string[]
  readonly expected: string
  readonly fields: typeof DN
}

const sha1 = hash('sha1', fleet.device.der).toUpperCase()

const ROWS: readonly Row[] = [
  {
    id: 'B13',
    what: 'a subject beyond ASCII is printed alike in both fields of format haproxy',
    leaf: umlaut,
    format: 'haproxy',
    names: ['X-SSL-Client-DN', 'X-SSL-Client-CN'],
    expected: '/CN=Gerät, Gerät',
    fields: DN,
  },
  {
    id: 'B13',
    what: 'of several common names format haproxy tells the first',
    leaf: two,
    format: 'haproxy',
    names: ['X-SSL-Client-CN'],
    expected: 'first',
    fields: DN,
  },
  {
    id: 'B14',
    what: 'format haproxy tells SHA-1 in the field of that name, in upper case',
    leaf: fleet.device,
    format: 'haproxy',
    names: ['X-SSL-Client-SHA1'],
    expected: sha1,
    fields: DAYS,
  },
  {
    id: 'B14',
    what: 'format haproxy tells a last day in 2099',
    leaf: until(2099),
    format: 'haproxy',
    names: ['X-SSL-Client-NotAfter'],
    expected: '990102030405Z',
    fields: DAYS,
  },
  {
    id: 'B14',
    what: 'format haproxy tells no last day from 2100 on',
    leaf: until(2150),
    format: 'haproxy',
    names: ['X-SSL-Client-NotAfter'],
    expected: 'nothing',
    fields: DAYS,
  },
  {
    id: 'B14',
    what: 'format apache tells names in UTF-8',
    leaf: utf8,
    format: 'apache',
    names: ['SSL_CLIENT_S_DN'],
    expected: 'CN=Jörg',
    fields: DN,
  },
  {
    id: 'B14',
    what: 'format nginx escapes what is not ASCII, as RFC 2253',
    leaf: utf8,
    format: 'nginx',
    names: ['ssl-client-subject-dn'],
    expected: 'CN=J\\C3\\B6rg',
    fields: DN,
  },
]

async function play(): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  for (const { leaf, format, names, fields } of ROWS) {
    const ca = fleet.root.pem + fleet.devices.pem
    const others = await besidePeers({ ca, device: leaf, fields })
    const own = openssl(['x509', '-in', 'leaf.pem', '-noout', '-subject', '-enddate'], {
      'leaf.pem': leaf.pem,
    })
    seen.push({ seen: await printed(leaf, format, ...names), beside: `${others}; ${own}` })
  }
  return seen
}

export const NAMES: readonly Scene[] = [
  { cases: ROWS.map(({ id, what, expected }) => ({ id, what, expected })), play },
]
