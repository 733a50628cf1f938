import { expect, test } from 'vitest'
import { mintCrl } from '../../support/certificates/mint-crl.ts'
import {
  CONFIGURATION,
  configurationFolder,
  current,
} from '../../support/cli/configuration-folder.ts'
import { tfe } from '../../support/cli/run-command.ts'
import { crlServer } from '../../support/crl-server.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const { chainPem, keyPem } = fleet.upstreamServer
const server = { cert: chainPem, key: keyPem }

const calling = (port: number, crl: string): string =>
  CONFIGURATION.replace(
    'https://mdm.internal:8443',
    `https://localhost:${port}\n    tls: { trust: { default: off, custom: ['file:upstream.pem'] } }`,
  ).replace(
    "standing: current, chain: 'file:current.pem'",
    `standing: current, chain: 'file:current.pem', crl: { lists: [{ url: '${crl}' }] }`,
  )

test('deep says what was agreed on with each server and each list, and who is asked', async () => {
  await using upstream = await rawUpstream(server, answering(OK))
  await using lists = await crlServer(mintCrl({ issuer: current, number: 5 }))
  await using made = await configurationFolder(calling(upstream.port, lists.url))
  await made.write('upstream.pem', fleet.upstreamCa.pem)
  const { code, out, err } = await tfe(['check', '--deep', made.config])
  expect(code).toBe(0)
  expect(err).toContain(`asking ${lists.url}\n`)
  expect(err).toContain(`asking mdm: localhost:${upstream.port}\n`)
  expect(out).toMatch(/✓ mdm: localhost:\d+\n +localhost is .*127\.0\.0\.1.*\n +TLSv1\.3, TLS_/)
  expect(out).toMatch(/✓ New: http:.*\n +by CN=Fleet CA, number 05, names 0 certificates/)
  expect(out).not.toContain('Not asked')
})

test('deep fails for a server that would carry no request, and for a list that is not taken', async () => {
  await using upstream = await rawUpstream(server, answering(OK))
  await using lists = await crlServer(mintCrl({ issuer: fleet.stranger }))
  await using made = await configurationFolder(calling(upstream.port, lists.url))
  await made.write('upstream.pem', fleet.stranger.pem)
  const { code, out } = await tfe(['check', '--deep', '--json', made.config])
  expect(code).toBe(1)
  const { outcome, asked } = JSON.parse(out) as {
    readonly outcome: string
    readonly asked: readonly { readonly ok: boolean; readonly lines: readonly string[] }[]
  }
  expect(outcome).toBe('ok')
  expect(asked.map(({ ok }) => ok)).toEqual([false, false])
  expect(asked[0]?.lines.join('\n')).toContain('tls-untrusted')
  expect(asked[1]?.lines.join('\n')).toContain('crl-of-another-ca')
})

test('without deep nothing is asked, and what was not is listed', async () => {
  await using upstream = await rawUpstream(server, answering(OK))
  await using lists = await crlServer(mintCrl({ issuer: current }))
  await using made = await configurationFolder(calling(upstream.port, lists.url))
  await made.write('upstream.pem', fleet.upstreamCa.pem)
  const { out } = await tfe(['check', made.config])
  expect(out).toContain('Not asked (--deep asks)')
  expect(out).toContain(`server of mdm: localhost:${upstream.port}`)
  expect(lists.received).toEqual([])
})
