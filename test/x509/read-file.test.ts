import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { certificatesIn, readCertificateFile } from '../../src/x509/file/certificate-file.ts'
import type { FileDeparture } from '../../src/x509/file/file-departure.ts'
import { pemOf } from '../../src/x509/pem.ts'
import {
  MAX_PEM_BYTES,
  placeText,
  readFileContent,
  type FileWanted,
} from '../../src/x509/file/read-file.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCrl } from '../support/certificates/mint-crl.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

const root = mintCa({ name: 'Root' })
const issuing = mintCa({ name: 'Issuing', issuer: root })
const holdsPem = mintLeaf({ issuer: root, name: '-----BEGIN CERTIFICATE-----' })
const list = mintCrl({ issuer: root })
const other = mintCrl({ issuer: issuing })
const LINES = root.pem.trimEnd().split('\n').length
const BOM = Buffer.from([0xef, 0xbb, 0xbf])
const labelled = (octets: Buffer, label: string): string => pemOf(octets, label)

interface Bag {
  readonly certificates?: readonly Buffer[]
  readonly lists?: readonly Buffer[]
}

const SIGNED_DATA = '1.2.840.113549.1.7.2'
const bag = ({ certificates = [], lists = [] }: Bag): Buffer =>
  der.sequence(
    der.oid(SIGNED_DATA),
    der.context(
      0,
      der.sequence(
        der.integer(1),
        der.set(),
        der.sequence(der.oid('1.2.840.113549.1.7.1')),
        ...(certificates.length === 0 ? [] : [der.context(0, ...certificates)]),
        ...(lists.length === 0 ? [] : [der.context(1, ...lists)]),
        der.set(),
      ),
    ),
  )

/** The same as Bouncy Castle writes it: each length is left open, the content comes in pieces. */
const open = (tag: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.of(tag, 0x80), ...parts, Buffer.of(0, 0)])
const berBag = (...certificates: readonly Buffer[]): Buffer =>
  open(
    0x30,
    der.oid(SIGNED_DATA),
    open(
      0xa0,
      open(
        0x30,
        der.integer(1),
        open(0x31),
        open(
          0x30,
          der.oid('1.2.840.113549.1.7.1'),
          open(0xa0, open(0x24, der.octetString(Buffer.of(1)), der.octetString(Buffer.of(2)))),
        ),
        open(0xa0, ...certificates),
        open(0x31),
      ),
    ),
  )

const aux = (...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([root.der, der.sequence(...parts)])
const CLIENT = der.oid('1.3.6.1.5.5.7.3.2')
const SERVER = der.oid('1.3.6.1.5.5.7.3.1')
const ANY = der.oid('2.5.29.37.0')
const trusted = (...parts: readonly Buffer[]): string =>
  labelled(aux(...parts), 'TRUSTED CERTIFICATE')
const text = (...parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))

const CERTIFICATES: FileWanted = { kind: 'certificate', others: 'refused', purpose: 'client' }
const LISTS: FileWanted = { kind: 'revocation-list', others: 'refused', purpose: 'client' }

type Taken = readonly [
  promise: string,
  octets: Buffer,
  found: readonly Buffer[],
  departures: readonly FileDeparture[],
]

const BOTH = [root.der, issuing.der]

const TAKEN: readonly Taken[] = [
  ['PEM is read', text(root.pem), [root.der], []],
  ['PEM of several is read', text(root.pem, issuing.pem), BOTH, []],
  ['PEM with lines of Windows is read', text(root.pem.replaceAll('\n', '\r\n')), [root.der], []],
  ['PEM with lines of old Macs is read', text(root.pem.replaceAll('\n', '\r')), [root.der], []],
  ['PEM with text around is read', text(`Root:\n${root.pem}the end\n`), [root.der], []],
  [
    'PEM after a digit 0, which is the tag of DER, is read',
    text(`0 s:CN=Root\n${root.pem}`),
    [root.der],
    [],
  ],
  [
    'text with every kind of white space before PEM is read',
    text(`0\t\v\f\r\n${root.pem}`),
    [root.der],
    [],
  ],
  [
    'text behind PEM may hold dashes and digits',
    text(root.pem, '-----\n0\u0080\n-----0'),
    [root.der],
    [],
  ],
  ['PEM in DER is no PEM', holdsPem.der, [holdsPem.der], []],
  [
    'PEM with a byte order mark is read',
    text(BOM, root.pem, issuing.pem),
    BOTH,
    ['byte-order-mark'],
  ],
  [
    'indented PEM is read, and no block of it is lost',
    text(root.pem, issuing.pem.replaceAll(/^/gmu, '  ')),
    BOTH,
    ['indented-boundary'],
  ],
  [
    'the label X509 CERTIFICATE is read',
    text(labelled(root.der, 'X509 CERTIFICATE')),
    [root.der],
    ['old-label'],
  ],
  [
    'the label X.509 CERTIFICATE is read',
    text(labelled(root.der, 'X.509 CERTIFICATE')),
    [root.der],
    ['old-label'],
  ],
  [
    'a trusted certificate without settings is read',
    text(labelled(root.der, 'TRUSTED CERTIFICATE')),
    [root.der],
    [],
  ],
  [
    'one whose settings are a name is read',
    text(trusted(der.utf8('Ours'))),
    [root.der],
    ['trust-settings'],
  ],
  [
    'one that is trusted for clients is read',
    text(trusted(der.sequence(CLIENT))),
    [root.der],
    ['trust-settings'],
  ],
  [
    'one that is trusted for anything is read',
    text(trusted(der.sequence(ANY))),
    [root.der],
    ['trust-settings'],
  ],
  [
    'one that is trusted for clients and rejected for servers is read',
    text(trusted(der.sequence(CLIENT), der.context(0, SERVER), der.octetString(Buffer.of(1)))),
    [root.der],
    ['trust-settings'],
  ],
  ['PKCS#7 in PEM is read', text(labelled(bag({ certificates: BOTH }), 'PKCS7')), BOTH, []],
  ['PKCS#7 labelled CMS is read', text(labelled(bag({ certificates: BOTH }), 'CMS')), BOTH, []],
  [
    'the label PKCS #7 SIGNED DATA is read',
    text(labelled(bag({ certificates: BOTH }), 'PKCS #7 SIGNED DATA')),
    BOTH,
    ['old-label'],
  ],
  [
    'PKCS#7 labelled CERTIFICATE is read',
    text(labelled(bag({ certificates: BOTH }), 'CERTIFICATE')),
    BOTH,
    ['other-label'],
  ],
  [
    'a certificate labelled PKCS7 is read',
    text(labelled(root.der, 'PKCS7')),
    [root.der],
    ['other-label'],
  ],
  [
    'both kinds of block in one file are read',
    text(root.pem, labelled(bag({ certificates: [issuing.der] }), 'PKCS7')),
    BOTH,
    [],
  ],
  ['DER is read', root.der, [root.der], []],
  [
    'DER with a line feed behind it is read',
    text(root.der, '\r\n'),
    [root.der],
    ['trailing-white-space'],
  ],
  ['PKCS#7 in DER is read', bag({ certificates: BOTH }), BOTH, []],
  [
    'lists beside the certificates in PKCS#7 are left there',
    bag({ certificates: BOTH, lists: [list] }),
    BOTH,
    [],
  ],
  ['PKCS#7 in BER is read, octet by octet', berBag(...BOTH), BOTH, []],
  [
    'PKCS#7 in BER with a line feed behind it is read',
    text(berBag(...BOTH), '\n'),
    BOTH,
    ['trailing-white-space'],
  ],
  ['PKCS#7 in BER in PEM is read', text(labelled(berBag(...BOTH), 'PKCS7')), BOTH, []],
]

for (const [promise, octets, found, departures] of TAKEN) {
  test(promise, () => {
    const read = readFileContent(octets, CERTIFICATES)
    if (!read.ok) throw new Error(JSON.stringify(read.failure))
    expect(read.value.found.map((one) => one.der)).toEqual(found)
    expect([...read.value.departures]).toEqual(departures)
  })
}

const TAKEN_LISTS: readonly Taken[] = [
  ['a list in DER is read', list, [list], []],
  [
    'a list in DER with a line feed behind it is read',
    text(list, '\n'),
    [list],
    ['trailing-white-space'],
  ],
  [
    'blanks and tabs behind DER are nothing',
    text(list, ' \t\r\n'),
    [list],
    ['trailing-white-space'],
  ],
  [
    'lists in PEM are read',
    text(labelled(list, 'X509 CRL'), labelled(other, 'X509 CRL')),
    [list, other],
    [],
  ],
  [
    'a list in PEM with a byte order mark is read',
    text(BOM, labelled(list, 'X509 CRL')),
    [list],
    ['byte-order-mark'],
  ],
  ['the label CRL is read', text(labelled(list, 'CRL')), [list], ['old-label']],
  ...['PKCS7', 'CMS'].map(
    (label) =>
      [
        `lists in PKCS#7 under the label ${label} are read`,
        text(labelled(bag({ lists: [list] }), label)),
        [list],
        [],
      ] as const,
  ),
  [
    'lists in PKCS#7 under its old label are read',
    text(labelled(bag({ lists: [list] }), 'PKCS #7 SIGNED DATA')),
    [list],
    ['old-label'],
  ],
  [
    'lists in PKCS#7 are read',
    bag({ certificates: BOTH, lists: [list, other] }),
    [list, other],
    [],
  ],
]

for (const [promise, octets, found, departures] of TAKEN_LISTS) {
  test(promise, () => {
    const read = readFileContent(octets, LISTS)
    if (!read.ok) throw new Error(JSON.stringify(read.failure))
    expect(read.value.found.map((one) => one.der)).toEqual(found)
    expect([...read.value.departures]).toEqual(departures)
  })
}

test('octets that look like the beginning of DER and are none are explanation', () => {
  const octets = text('# 50', Buffer.from('3082013081803084', 'hex'), '\n', root.pem)
  const read = readFileContent(octets, CERTIFICATES)
  expect(read).toMatchObject({ ok: true, value: { found: [{ der: root.der }] } })
})

test('PKCS#7 beside PEM is not passed over where keys are', () => {
  for (const octets of [bag({ certificates: BOTH }), berBag(...BOTH)]) {
    const read = readFileContent(text(root.pem, octets), { ...CERTIFICATES, others: 'skipped' })
    expect(read).toMatchObject({ ok: false, failure: [{ place: { line: LINES + 1 } }] })
  }
  const beside = readFileContent(text(root.pem, keyDer), { ...CERTIFICATES, others: 'skipped' })
  expect(beside).toMatchObject({ ok: true, value: { found: [{ der: root.der }] } })
})

const key = root.keyPem
const keyDer = root.key.export({ type: 'pkcs8', format: 'der' })
const request = der.sequence(
  der.sequence(der.integer(0), root.subject, root.spki, der.context(0)),
  der.sequence(der.oid('1.2.840.10045.4.3.2')),
  der.bitString(Buffer.of(1)),
)
const pkcs12 = der.sequence(der.integer(3), der.sequence(der.oid('1.2.840.113549.1.7.1')))

type Refused = readonly [promise: string, octets: Buffer, at: string, message: RegExp]

const REFUSED: readonly Refused[] = [
  ['an empty file is called empty', Buffer.alloc(0), '', /empty file/u],
  ['prose is neither', text('please trust us'), '', /neither in PEM nor in DER/u],
  ['UTF-16 is called that', Buffer.from(`\uFEFF${root.pem}`, 'utf16le'), '', /UTF-16/u],
  ['UTF-16 without a mark is, too', Buffer.from(root.pem, 'utf16le'), '', /UTF-16/u],
  [
    'UTF-16 behind PEM is not passed over',
    text(root.pem, Buffer.from(issuing.pem, 'utf16le')),
    '',
    /UTF-16, wanted all of it in ASCII/u,
  ],
  [
    'UTF-16 of the other order behind PEM is not passed over',
    text(root.pem, Buffer.from(issuing.pem, 'utf16le').swap16()),
    '',
    /UTF-16/u,
  ],
  [
    'a block on one line beside PEM is not passed over',
    text(root.pem, issuing.pem.replaceAll('\n', '\\n')),
    `line ${LINES + 1}`,
    /whole block on one line/u,
  ],
  ['a page of HTML is called that', text('\n<!DOCTYPE html>'), '', /HTML/u],
  [
    'base64 without its lines is called that',
    text(root.der.toString('base64')),
    '',
    /without its BEGIN/u,
  ],
  [
    'two files put together are told apart',
    text(root.pem.trimEnd(), issuing.pem),
    `line ${LINES}`,
    /on one line/u,
  ],
  [
    'a private key is not looked at',
    text(root.pem, key),
    `line ${LINES + 1}`,
    /PRIVATE KEY, wanted only CERTIFICATE/u,
  ],
  ['a private key in DER is called that', keyDer, '', /found a private key/u],
  ['a public key in DER is called that', root.spki, '', /public key without a certificate/u],
  ['a request is called that', request, '', /certificate request/u],
  [
    'a request in PEM is called that',
    text(labelled(request, 'NEW CERTIFICATE REQUEST')),
    'line 1',
    /send the request to the CA/u,
  ],
  ['a list is called that', list, '', /found a revocation list/u],
  ['a list in PEM is called that', text(labelled(list, 'X509 CRL')), 'line 1', /not in the chain/u],
  ['PKCS#12 is called that', pkcs12, '', /PKCS#12 file/u],
  [
    'PKCS#7 without a certificate is called that',
    bag({ lists: [list] }),
    '',
    /without a certificate/u,
  ],
  [
    'PKCS#7 that is cut short says so',
    berBag(...BOTH).subarray(0, 300),
    '',
    /PKCS#7 file that cannot be read/u,
  ],
  [
    'DER followed by PEM is read as DER, and the PEM is not passed over',
    text(root.der, issuing.pem),
    '',
    /followed by octets that do not belong to it/u,
  ],
  [
    'DER with a line feed, followed by PEM, is, too',
    text(root.der, '\n', issuing.pem),
    '',
    /followed by octets that do not belong to it/u,
  ],
  [
    'DER followed by DER is not passed over',
    text(root.der, issuing.der),
    '',
    /followed by octets that do not belong to it/u,
  ],
  [
    'DER cut short and followed by PEM is not passed over',
    text(root.der.subarray(0, 200), issuing.pem.slice(0, 80)),
    '',
    /ends before its own lengths say so/u,
  ],
  [
    'PKCS#7 in DER followed by PEM is not passed over',
    text(bag({ certificates: [root.der] }), issuing.pem),
    '',
    /PKCS#7 file that cannot be read, it is followed by octets/u,
  ],
  [
    'PKCS#7 in BER followed by PEM is not passed over',
    text(berBag(root.der), issuing.pem),
    '',
    /PKCS#7 file that cannot be read, it is followed by octets/u,
  ],
  [
    'PKCS#7 in BER followed by PKCS#7 in BER is not passed over',
    text(berBag(root.der), berBag(issuing.der)),
    '',
    /PKCS#7 file that cannot be read, it is followed by octets/u,
  ],
  [
    'PKCS#7 in BER followed by octets within its block of PEM is not passed over',
    text(labelled(text(berBag(root.der), '\n'), 'PKCS7')),
    'line 1',
    /PKCS#7 file that cannot be read, it is followed by octets/u,
  ],
  [
    'PEM followed by DER is not passed over',
    text(root.pem, issuing.der),
    `line ${LINES + 1}`,
    /found DER beside PEM/u,
  ],
  [
    'DER between PEM is not passed over',
    text(root.pem, '\n \r\n', issuing.der, '\n', root.pem),
    `line ${LINES + 3}`,
    /found DER beside PEM/u,
  ],
  [
    'DER behind an explanation and before PEM is not passed over',
    text('Our root:\n', root.der, '\n', issuing.pem),
    'line 2',
    /found DER beside PEM/u,
  ],
  [
    'DER behind a byte order mark and before PEM is not passed over',
    text(BOM, root.der, issuing.pem),
    'line 1',
    /found DER beside PEM/u,
  ],
  [
    'PEM followed by PKCS#7 in DER is not passed over',
    text(root.pem, bag({ certificates: BOTH })),
    `line ${LINES + 1}`,
    /found DER beside PEM/u,
  ],
  [
    'PEM followed by PKCS#7 in BER is not passed over',
    text(root.pem, berBag(...BOTH)),
    `line ${LINES + 1}`,
    /found DER beside PEM/u,
  ],
  [
    'PEM followed by a key in DER is not passed over',
    text(root.pem, keyDer),
    `line ${LINES + 1}`,
    /found DER beside PEM/u,
  ],
  [
    'a certificate whose length is open is called that',
    open(0x30, root.der.subarray(4)),
    '',
    /found a certificate that cannot be read: it leaves a length open/u,
  ],
  [
    'PKCS#12 whose length is open is called that',
    open(0x30, der.integer(3), open(0x30)),
    '',
    /PKCS#12 file/u,
  ],
  [
    'PKCS#7 with a longer length than it needs, cut short, is called that',
    Buffer.from('30840000012306092a', 'hex'),
    '',
    /PKCS#7 file that cannot be read/u,
  ],
  [
    'text beyond its bound is refused unread',
    text(root.pem, Buffer.alloc(MAX_PEM_BYTES, '\n')),
    '',
    /^found a file of \d{8} octets that is no DER, wanted 16777216 at most: keep in it the certificates that are needed$/u,
  ],
  [
    'text beyond its bound that begins like DER is refused unread',
    text('0 \n', root.pem, Buffer.alloc(MAX_PEM_BYTES, '\n')),
    '',
    /wanted 16777216 at most/u,
  ],
  [
    'more certificates in PKCS#7 than its bound are counted',
    bag({ certificates: Array.from({ length: 201 }, () => root.der) }),
    '',
    /it holds 201 certificates, wanted 200 at most: /u,
  ],
  [
    'settings that reject it for clients are not passed over',
    text(trusted(der.context(0, CLIENT))),
    'line 1',
    /rejects it for TLS clients/u,
  ],
  [
    'settings that reject it for anything are not passed over',
    text(trusted(der.sequence(CLIENT), der.context(0, ANY))),
    'line 1',
    /rejects it for TLS clients/u,
  ],
  [
    'settings that trust it for servers alone are not passed over',
    text(trusted(der.sequence(SERVER))),
    'line 1',
    /other purposes than TLS clients/u,
  ],
  [
    'settings that trust it for nothing are not passed over',
    text(trusted(der.sequence())),
    'line 1',
    /other purposes than TLS clients/u,
  ],
  [
    'settings that cannot be read are not passed over',
    text(trusted(der.integer(1))),
    'line 1',
    /cannot be read/u,
  ],
]

for (const [promise, octets, at, message] of REFUSED) {
  test(promise, () => {
    const read = readCertificateFile(octets, { others: 'refused', purpose: 'client' })
    const [fault] = read.ok ? [] : read.failure
    expect(fault?.message).toMatch(message)
    expect(fault === undefined ? undefined : placeText(fault.place)).toBe(at)
  })
}

const REFUSED_LISTS: readonly Refused[] = [
  ['a certificate is no list', root.der, '', /found a certificate, wanted revocation lists/u],
  ['PKCS#7 without a list is none', bag({ certificates: BOTH }), '', /without a revocation list/u],
  [
    'a list in PEM followed by one in DER is not passed over',
    text(labelled(list, 'X509 CRL'), list),
    `line ${labelled(list, 'X509 CRL').trimEnd().split('\n').length + 1}`,
    /found DER beside PEM/u,
  ],
  [
    'text beyond its bound is no list',
    Buffer.alloc(MAX_PEM_BYTES + 1, '\n'),
    '',
    /that is no DER, wanted 16777216 at most: publish the list as DER$/u,
  ],
  ['certificates in PEM are no lists', text(root.pem), 'line 1', /wanted only X509 CRL/u],
]

for (const [promise, octets, at, message] of REFUSED_LISTS) {
  test(promise, () => {
    const read = readFileContent(octets, LISTS)
    const [fault] = read.ok ? [] : read.failure
    expect(fault?.message).toMatch(message)
    expect(fault === undefined ? undefined : placeText(fault.place)).toBe(at)
  })
}

test('octets behind a certificate are refused for readers of other libraries, too, which would pass over them', () => {
  for (const octets of [
    text(root.der, issuing.pem),
    text(root.der, issuing.der),
    text(labelled(text(root.der, '\n'), 'CERTIFICATE')),
  ]) {
    const read = certificatesIn(octets, { others: 'skipped', purpose: 'any' })
    expect(read.ok ? '' : read.failure[0]?.message).toBe(
      `found a certificate that cannot be read: it is followed by octets that do not belong to it (octet ${root.der.length})`,
    )
    // What the runtime's library makes of it, which is why: one of them, and no word of the other.
    // Which one it is where text follows depends on the signature: an octet 0A at its end lets
    // the library see a line that begins with "-----BEGIN", and so the second.
    if (octets[0] === 0x30) {
      expect([root.der, issuing.der]).toContainEqual(new X509Certificate(octets).raw)
    }
  }
})

test('text is read up to its bound', () => {
  const octets = text(root.pem, Buffer.alloc(MAX_PEM_BYTES - root.pem.length, ' '))
  expect(readFileContent(octets, CERTIFICATES)).toMatchObject({
    ok: true,
    value: { found: [{ der: root.der }] },
  })
})

test('DER of another kind behind PEM is passed over where it is none of our business', () => {
  const taken = (behind: Buffer): boolean =>
    readFileContent(text(root.pem, behind), { ...CERTIFICATES, others: 'skipped' }).ok
  expect([keyDer, list, issuing.der, bag({ certificates: BOTH })].map(taken)).toEqual([
    true,
    true,
    false,
    false,
  ])
})

test('keys beside certificates are passed over where they are none of our business', () => {
  const wanted: FileWanted = { kind: 'certificate', others: 'skipped', purpose: 'any' }
  const read = readFileContent(text(key, root.pem, labelled(list, 'X509 CRL')), wanted)
  expect(read).toMatchObject({ ok: true, value: { found: [{ der: root.der }] } })
})

test('settings of OpenSSL are asked for the purpose that is wanted', () => {
  const octets = text(trusted(der.sequence(SERVER)))
  const taken = (purpose: FileWanted['purpose']) =>
    readFileContent(octets, { ...CERTIFICATES, purpose }).ok
  expect([taken('client'), taken('server'), taken('any')]).toEqual([false, true, true])
})

test('a certificate in a bag that cannot be read is named by its place', () => {
  const odd = mintLeaf({ issuer: root, dns: ['é'] })
  const octets = text('x\n', labelled(bag({ certificates: [root.der, odd.der] }), 'PKCS7'))
  const read = readCertificateFile(octets, { others: 'refused', purpose: 'client' })
  const [fault] = read.ok ? [] : read.failure
  expect(fault?.place).toEqual({ line: 2, item: 2 })
  expect(fault?.message).toMatch(/subject alternative name \(2\.5\.29\.17\).*outside ASCII/u)
})

test('what OpenSSL writes is read, and its settings are told from none', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-read-file-'))
  const file = join(folder, 'root.pem')
  writeFileSync(file, root.pem)
  const openssl = (...args: readonly string[]) => spawnSync('openssl', args)
  try {
    // What we write ourselves is read above; OpenSSL's is a second opinion, on machines that have it.
    if (openssl('version').error !== undefined)
      return context.skip('openssl is not on this machine')
    const settings = [
      { args: [], isTaken: true },
      { args: ['-addtrust', 'clientAuth'], isTaken: true },
      { args: ['-addtrust', 'anyExtendedKeyUsage'], isTaken: true },
      { args: ['-addtrust', 'serverAuth'], isTaken: false },
      { args: ['-addreject', 'clientAuth'], isTaken: false },
      { args: ['-addreject', 'serverAuth'], isTaken: true },
    ]
    for (const { args, isTaken } of settings) {
      const { stdout } = openssl('x509', '-in', file, '-trustout', ...args)
      expect(stdout.toString()).toContain('BEGIN TRUSTED CERTIFICATE')
      const read = readFileContent(stdout, CERTIFICATES)
      expect(read.ok, args.join(' ')).toBe(isTaken)
      if (read.ok) expect(read.value.found[0]?.der).toEqual(root.der)
    }
    const streamed = openssl('crl2pkcs7', '-nocrl', '-certfile', file).stdout
    expect(readFileContent(streamed, CERTIFICATES)).toMatchObject({
      ok: true,
      value: { found: [{ der: root.der }] },
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const none = der.sequence(der.oid('1.2.3'))
const MANY: readonly (readonly [promise: string, octets: Buffer])[] = [
  ['labels that are not wanted', text(labelled(none, 'X').repeat(300))],
  ['bags that cannot be read', text(labelled(none, 'PKCS7').repeat(300))],
  ['settings that cannot be read', text(trusted(der.integer(1)).repeat(300))],
  ['certificates that cannot be read', text(labelled(der.sequence(), 'CERTIFICATE').repeat(300))],
]

for (const [promise, octets] of MANY) {
  test(`of many ${promise} the first hundred are told, and how many more there are`, () => {
    const read = readCertificateFile(octets, { others: 'refused', purpose: 'client' })
    const faults = read.ok ? [] : read.failure
    expect(faults).toHaveLength(101)
    expect(faults.at(-1)?.message).toMatch(/^found 200 more faults from here on/u)
  })
}

test('a label of any length and any characters is shown in part', () => {
  for (const end of ['CRL', 'CERTIFICATE REQUEST', 'KEY']) {
    const label = `${'\u001b'.repeat(100)} ${end}`
    const read = readFileContent(text(labelled(root.der, label)), CERTIFICATES)
    expect(read.ok ? '' : read.failure[0]?.message).toContain(`${'?'.repeat(61)}...`)
    expect(read.ok ? '' : read.failure[0]?.message).not.toContain('\u001b')
  }
})

test('bent octets of any shape are answered, and never thrown at', () => {
  for (const octets of [
    root.der,
    text(root.pem),
    berBag(...BOTH),
    bag({ certificates: BOTH }),
    text(trusted(der.sequence(CLIENT))),
  ]) {
    for (let at = 0; at < octets.length; at += 1) {
      const bent = Buffer.from(octets)
      bent[at] = (bent[at] ?? 0) ^ (1 << (at % 8))
      for (const wanted of [CERTIFICATES, LISTS]) {
        expect(['true', 'false']).toContain(String(readFileContent(bent, wanted).ok))
        expect(['true', 'false']).toContain(
          String(readFileContent(octets.subarray(0, at), wanted).ok),
        )
      }
    }
  }
})
