import { expect, test } from 'vitest'
import { placeText, readFileContent, type FileWanted } from '../../src/x509/file/read-file.ts'
import { pemOf } from '../../src/x509/pem.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCrl } from '../support/certificates/mint-crl.ts'
import { mintCa } from '../support/certificates/mint.ts'

const root = mintCa({ name: 'Root' })
const list = mintCrl({ issuer: root })
const pkcs12 = der.sequence(der.integer(3), der.sequence(der.oid('1.2.840.113549.1.7.1')))
const emptyBag = der.sequence(
  der.oid('1.2.840.113549.1.7.2'),
  der.context(
    0,
    der.sequence(
      der.integer(1),
      der.set(),
      der.sequence(der.oid('1.2.840.113549.1.7.1')),
      der.set(),
    ),
  ),
)
const BASE64 = 'A'.repeat(40)

type Row = readonly [what: string, octets: Buffer | string, kind: FileWanted['kind'], text: string]

const SENTENCES: readonly Row[] = [
  ['an empty file', '', 'certificate', 'found an empty file, wanted a certificate in PEM or DER'],
  [
    'an empty file',
    '',
    'revocation-list',
    'found an empty file, wanted a revocation list in PEM or DER',
  ],
  [
    'prose',
    'please trust us',
    'certificate',
    'found no certificate, neither in PEM nor in DER: export it again',
  ],
  [
    'prose',
    'please trust us',
    'revocation-list',
    'found no revocation list, neither in PEM nor in DER: export it again',
  ],
  [
    'base64',
    `\n${BASE64}\r\n${BASE64}==\n`,
    'certificate',
    'found no certificate but base64 without its BEGIN and END lines: put -----BEGIN CERTIFICATE----- above it and -----END CERTIFICATE----- below',
  ],
  [
    'base64',
    BASE64,
    'revocation-list',
    'found no revocation list but base64 without its BEGIN and END lines: put -----BEGIN X509 CRL----- above it and -----END X509 CRL----- below',
  ],
  [
    'letters fewer than base64 has in a line',
    'A'.repeat(39),
    'certificate',
    'found no certificate, neither in PEM nor in DER: export it again',
  ],
  [
    'base64 and a word',
    `${BASE64}\nor.so`,
    'certificate',
    'found no certificate, neither in PEM nor in DER: export it again',
  ],
  [
    'a word and base64',
    `or.so${BASE64}`,
    'certificate',
    'found no certificate, neither in PEM nor in DER: export it again',
  ],
  [
    'base64 with something at the end of its line',
    `${BASE64}?`,
    'certificate',
    'found no certificate, neither in PEM nor in DER: export it again',
  ],
  [
    'a page',
    '<html>',
    'certificate',
    'found a page of HTML or XML, wanted a certificate in PEM or DER: see what the server answers there, a sign-in page perhaps',
  ],
  [
    'a page behind line feeds',
    '\n \n<html>',
    'revocation-list',
    'found a page of HTML or XML, wanted a revocation list in PEM or DER: see what the server answers there, a sign-in page perhaps',
  ],
  [
    'prose with a bracket',
    'see <here>',
    'certificate',
    'found no certificate, neither in PEM nor in DER: export it again',
  ],
  [
    'a PKCS#12 file',
    pkcs12,
    'certificate',
    'found a PKCS#12 file, wanted certificates: take the certificates out of it with `openssl pkcs12 -nokeys`',
  ],
  [
    'a PKCS#12 file',
    pkcs12,
    'revocation-list',
    'found a PKCS#12 file, wanted revocation lists: is it the right file?',
  ],
  [
    'a list',
    list,
    'certificate',
    'found a revocation list, wanted certificates: is it the right file?',
  ],
  [
    'a certificate',
    root.der,
    'revocation-list',
    'found a certificate, wanted revocation lists: is it the right file?',
  ],
  [
    'a bag of nothing',
    emptyBag,
    'certificate',
    'found a PKCS#7 file without a certificate, wanted one at least: export it with its certificates',
  ],
  [
    'a bag of nothing',
    emptyBag,
    'revocation-list',
    'found a PKCS#7 file without a revocation list, wanted one at least: export it with its lists',
  ],
  [
    'a block of a list',
    pemOf(list, 'X509 CRL'),
    'certificate',
    'found a revocation list (X509 CRL), wanted only CERTIFICATE: name it as a list of the setting (`crl`), not in the chain',
  ],
  [
    'a block of another list',
    pemOf(list, 'A CRL B'),
    'certificate',
    'found a block labelled A CRL B, wanted only CERTIFICATE: remove it from this file',
  ],
  [
    'a block of a list of another kind',
    pemOf(list, 'DELTA CRL'),
    'revocation-list',
    'found a block labelled DELTA CRL, wanted only X509 CRL: remove it from this file',
  ],
]

for (const [what, octets, kind, sentence] of SENTENCES) {
  test(`${what} in the place of a ${kind} is told as what it is, and what to do`, () => {
    const read = readFileContent(Buffer.from(octets), { kind, others: 'refused', purpose: 'any' })
    expect(read.ok ? '' : read.failure[0]?.message).toBe(sentence)
  })
}

const PLACES: readonly (readonly [
  line: number | undefined,
  item: number | undefined,
  text: string,
])[] = [
  [undefined, undefined, ''],
  [3, undefined, 'line 3'],
  [undefined, 2, 'certificate 2'],
  [3, 2, 'line 3, certificate 2'],
]

for (const [line, item, expected] of PLACES) {
  test(`a place is told by its line and its number in a bag: ${expected}`, () => {
    expect(placeText({ line, item })).toBe(expected)
  })
}
