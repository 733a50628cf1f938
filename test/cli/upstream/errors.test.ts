/** `tfe upstream errors` over a real admin API, with names that would rather be something else than names. */
import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import { UpstreamErrorList } from '../../../src/record/upstream-error-list.ts'
import type { UpstreamErrorEntry } from '../../../src/record/upstream-errors.ts'
import { NOW, openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { Device } from '../../support/devices/device.ts'
import {
  forwardingServer,
  serverOptions,
  upstreamCa,
} from '../../support/front-ends/forwarding-server.ts'
import * as der from '../../support/certificates/der-writer.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { tfe, type CommandOutput } from '../../support/cli/run-command.ts'

const ERROR: UpstreamErrorEntry = {
  upstream: 'core',
  server: 'core.example:443',
  during: 'request',
  code: 'tls-untrusted',
  detail: 'expired',
  allowed: true,
  count: 3,
  first: (NOW - 2000) as Instant,
  last: NOW as Instant,
  sentence: "core's certificate is not trusted: it has expired",
  nextStep: "renew the upstream's certificate",
  chain: [],
}

async function adminApiWith(...errors: readonly UpstreamErrorEntry[]): Promise<TestAdminApi> {
  const upstreamErrors = new UpstreamErrorList(NOW as Instant)
  upstreamErrors.onUpstreamErrors(errors, 0)
  return await openAdminApi({ frontEnd: { upstreamErrors } })
}

async function typed(adminApi: TestAdminApi, line: string, as: 'operator' | 'viewer' = 'operator') {
  const env = { TFE_ADMIN_URL: adminApi.url, TFE_ADMIN_TOKEN: await adminApi.tokenOf(as) }
  return await tfe(['upstream', 'errors', ...line.split(' ').filter((it) => it !== '')], env)
}

test('errors are a table, each with its text and remedy below', async () => {
  await using adminApi = await adminApiWith(ERROR)
  const { code, out, err } = await typed(adminApi, '', 'viewer')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^UPSTREAM +SERVER +ERROR +COUNT +FIRST \(UTC\) +LAST \(UTC\)$/mu)
  expect(out).toMatch(/^core +core\.example:443 +tls-untrusted expired \(allowed\) +3 +2026/mu)
  expect(out).toContain("\n  core's certificate is not trusted: it has expired\n")
  expect(out).toContain("\n  next: renew the upstream's certificate\n")
})

test('--json is the answer of the admin API', async () => {
  await using adminApi = await adminApiWith(ERROR)
  const { out } = await typed(adminApi, '--json')
  expect(JSON.parse(out)).toMatchObject({ items: [{ upstream: 'core', count: 3 }], lost: 0 })
})

test('an upstream without errors says since when', async () => {
  await using adminApi = await adminApiWith()
  expect(await typed(adminApi, 'core')).toMatchObject({
    code: 0,
    out: `nothing went wrong since 2026-11-22 00:00Z\n`,
  })
})

test('a name that was mistyped is no upstream that is well', async () => {
  await using adminApi = await adminApiWith()
  const { code, err } = await typed(adminApi, 'croe')
  expect(code).toBe(1)
  expect(err).toContain('there is no upstream "croe"')
})

test('--clear takes off what it printed, and nothing else', async () => {
  const other = { ...ERROR, upstream: 'other', server: 'o:1', last: (NOW + 1) as Instant }
  await using adminApi = await adminApiWith(ERROR, other)
  const { out } = await typed(adminApi, 'core --clear')
  expect(out).toContain('taken off the list: 1\n')
  const rest = await typed(adminApi, '--json')
  expect(JSON.parse(rest.out)).toMatchObject({ items: [{ upstream: 'other' }] })
})

test('a viewer may look and not clear', async () => {
  await using adminApi = await adminApiWith(ERROR)
  const { code, err } = await typed(adminApi, '--clear', 'viewer')
  expect(code).toBe(1)
  expect(err).toContain('role-too-weak')
})

const MISUSED: readonly [readonly string[], string][] = [
  [['errors', '--config', 'x.yaml'], "unknown option '--config'"],
  [['catalogue', '--clear'], "unknown option '--clear'"],
  [['test', 'core', '--url', 'http://localhost'], "unknown option '--url'"],
  [['errors'], 'needs an API token'],
]

for (const [words, says] of MISUSED) {
  test(`upstream ${words.join(' ')} is misuse: ${says}`, async () => {
    const said: CommandOutput = await tfe(['upstream', ...words])
    expect(said).toMatchObject({ code: 2 })
    expect(said.err).toContain(says)
  })
}

const HOSTILE = '\u001B[2J\u001B]0;owned\u0007\r\nUPSTREAM  fine\u202E'

test('a certificate with control characters in its names writes nothing but a table', async () => {
  const subject = der.commonName(HOSTILE)
  const server = mintLeaf({
    issuer: upstreamCa,
    subject,
    dns: ['evil\u001B[31m\r\n.test'],
    purposes: ['serverAuth'],
  })
  await using upstream = await rawUpstream(serverOptions(server), answering(OK))
  await using frontEnd = await forwardingServer(upstream.port, { name: 'core' })
  await using device = await Device.to(frontEnd.port)
  device.request('GET /')
  await device.response()
  const [error] = frontEnd.errors
  if (error === undefined) return expect.fail('nothing went wrong')
  const { describe: _, ...facts } = error
  const when = { count: 1, first: NOW as Instant, last: NOW as Instant }
  // And as if Node had escaped nothing of it.
  const raw = { subject: HOSTILE, issuer: HOSTILE, not_after: HOSTILE, sha256: HOSTILE }
  const bare = { sentence: HOSTILE, nextStep: HOSTILE, chain: [raw] }
  await using adminApi = await adminApiWith(
    { ...facts, ...error.describe(), ...when },
    { ...facts, ...bare, ...when, server: HOSTILE, detail: HOSTILE },
  )
  const { out } = await typed(adminApi, '')
  expect(out).toContain('owned')
  // Neither the terminal's own signs, nor a line that the certificate has made up.
  expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(out.match(/^UPSTREAM/gmu)).toHaveLength(1)
})
