import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { groups, refusalsText, type Group } from '../../scripts/refusals.ts'
import { HANDSHAKES, HOSTS, PROXIED, REFUSALS, RUNTIME } from '../../scripts/refusals/samples.ts'
import { TARGETS, REJECTIONS, UNPARSABLE } from '../../scripts/refusals/samples.ts'
import { UPSTREAM_TLS } from '../../scripts/refusals/upstream-tls-samples.ts'
import { RELAYED } from '../../scripts/refusals/relay-samples.ts'
import { CRLS } from '../../scripts/refusals/crl-samples.ts'
import { THROTTLED } from '../../scripts/refusals/throttle-samples.ts'
import { STORE } from '../../scripts/refusals/store-samples.ts'
import { UPSTREAM } from '../../scripts/refusals/upstream-samples.ts'
import { FINDING_EXPLANATIONS } from '../../src/decide/explain-trust-finding.ts'
import { UPSTREAM_FAILURES } from '../../src/forward/upstream-failure.ts'
import { HANDSHAKE_FAILURES } from '../../src/handshake/handshake-failure.ts'

const page = await readFile(join(import.meta.dirname, '../../docs/refusals.md'), 'utf8')

test('the page is what its sources give', () => {
  expect(page).toBe(refusalsText())
})

/** What each table of the page must hold: the compiler holds the samples to the unions, this holds the page to them. */
const tables: Readonly<Record<string, readonly string[]>> = {
  'The handshake failed': [...Object.keys(HANDSHAKES), ...Object.keys(PROXIED)],
  'It was no request': Object.keys(UNPARSABLE).map((kind) => `unparsable-${kind}`),
  'The request was turned away': [
    ...Object.keys(HOSTS),
    ...Object.keys(TARGETS).map((kind) => `target-${kind}`),
    ...Object.keys(REJECTIONS),
  ],
  'The device was refused': Object.keys(REFUSALS),
  'The request was held back': Object.keys(THROTTLED),
  'The request was admitted and failed': Object.keys(UPSTREAM),
  'The relayed connection ended': Object.keys(RELAYED),
  'The front end did not start': Object.keys(RUNTIME),
  'A server failed its health check': ['check-status'],
  'A change of the upstream TLS settings was turned down': Object.keys(UPSTREAM_TLS),
  'A revocation list was not taken': Object.keys(CRLS),
  'The store said no': Object.keys(STORE),
  'What was admitted all the same': Object.keys(FINDING_EXPLANATIONS),
}

test('the page has one table for each way to end', () => {
  expect([...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(Object.keys(tables))
})

for (const [title, codes] of Object.entries(tables)) {
  test(`"${title}" holds every code in exactly one row`, () => {
    const text = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? ''
    const found = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, code = '']) => code)
    expect(found.toSorted()).toEqual(codes.toSorted())
    expect(new Set(found).size).toBe(found.length)
  })
}

test('what the metrics count is on the page', () => {
  expect([...Object.keys(HANDSHAKES), ...Object.keys(PROXIED)].toSorted()).toEqual(
    HANDSHAKE_FAILURES.toSorted(),
  )
  expect(Object.keys(UPSTREAM).toSorted()).toEqual(UPSTREAM_FAILURES.toSorted())
})

test('every row says what the device sees, what happened and what comes next', () => {
  for (const { rows } of groups()) {
    for (const { code, sees, sentences, nextSteps } of rows) {
      for (const texts of [sees, sentences, nextSteps]) {
        expect(texts.length, code).toBeGreaterThan(0)
        expect(texts, code).not.toContain('')
      }
    }
  }
})

test('facts are shown by their names, never as the numbers that stood for them', () => {
  expect(page).not.toMatch(/\d{9}|1970|NaN|undefined|\[object/)
  expect(sentencesOf('certificate-too-large')).toEqual([
    "the device's certificate has {size} octets, more than the {limit} we read",
  ])
  expect(sentencesOf('issuer-expired')).toEqual([
    'the CA certificate CN={issuer} expired at {notAfter}',
  ])
  expect(sentencesOf('expired')).toEqual([
    "the device's certificate expired at {notAfter}; it may renew until {graceEndsAt}",
  ])
})

test('where the facts decide what the device sees, all of it is there', () => {
  expect(rowOf('body-timeout')?.sees).toEqual([
    '504 `connection_read_timeout`',
    '504 `connection_write_timeout`',
  ])
  expect(rowOf('device-gone')?.sees).toEqual(['nothing'])
  expect(rowOf('unparsable-unfinished')?.sees).toEqual(['a closed connection'])
  expect(rowOf('target-too-long')?.sees).toEqual(['414'])
  expect(rowOf('no-certificate')?.sees).toEqual(['403'])
})

const rowOf = (code: string): Group['rows'][number] | undefined =>
  groups()
    .flatMap(({ rows }) => rows)
    .find((row) => row.code === code)

const sentencesOf = (code: string): readonly string[] | undefined => rowOf(code)?.sentences
