/** What the file selects for an upstream is what its connections do, and what is weak about it is said everywhere. */
import { expect, test } from 'vitest'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { clientTls, fleet, product, type Product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const upstreams = (port: number, tls: readonly string[]) => ({
  upstreamPort: port,
  yaml: {
    upstreams: `
  mdm:
    url: https://localhost:${port}
    tls:
      trust: { default: off, custom: ['file:upstream-ca.pem'] }
      clientCertificate: { chain: 'file:front-end.pem', key: 'file:front-end.key' }
${tls.map((line) => `      ${line}\n`).join('')}`,
  },
})

async function ask(frontEnd: Product): Promise<string> {
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return (await device.response()).startLine
}

const scrape = async ({ statusPort }: Product): Promise<string> =>
  (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text()

for (const version of ['TLSv1', 'TLSv1.1'] as const) {
  const legacy = {
    ...upstreamTlsOptions,
    minVersion: version,
    maxVersion: version,
    ciphers: 'DEFAULT:@SECLEVEL=0',
  } as const

  test(`${version} connects when it is selected, and is called weak at the start and in the metrics`, async () => {
    await using upstream = await rawUpstream(legacy, answering(OK))
    await using frontEnd = await product(upstreams(upstream.port, [`protocols: [${version}]`]))
    expect(await ask(frontEnd)).toBe('HTTP/1.1 200 OK')
    expect(upstream.peers[0]?.socket.getProtocol()).toBe(version)
    const line = await frontEnd.waitForLine((one) => one['dangerous'] === 'weak-upstream-protocol')
    expect(line['msg']).toContain(`upstream mdm may be called over ${version}, which is weak`)
    expect(await scrape(frontEnd)).toContain('tfe_dangerous{kind="weak-upstream-protocol"} 1')
  })

  test(`${version} does not connect when it is not selected`, async () => {
    await using upstream = await rawUpstream(legacy, answering(OK))
    await using frontEnd = await product(upstreams(upstream.port, []))
    expect(await ask(frontEnd)).toBe('HTTP/1.1 502 Bad Gateway')
    expect(await frontEnd.waitForLine((one) => one['failure'] === 'tls-handshake')).toBeDefined()
    // The front end of the tests has no store, which is announced as well.
    expect((await scrape(frontEnd)).match(/tfe_dangerous\{[^}]*\}/gu)).toEqual([
      'tfe_dangerous{kind="no-store"}',
    ])
  })
}

test('SSLv2Hello is kept, has no effect, and is called impossible at the start', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const selection = ['protocols: [TLSv1.2, TLSv1.1, TLSv1, SSLv2Hello]']
  await using frontEnd = await product(upstreams(upstream.port, selection))
  expect(await ask(frontEnd)).toBe('HTTP/1.1 200 OK')
  const line = await frontEnd.waitForLine(({ msg }) => String(msg).includes('SSLv2Hello'))
  expect(line['msg']).toContain('impossible with this runtime')
})

test("a suite in IANA's spelling is the suite that is spoken", async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const selection = ['protocols: [TLSv1.2]', 'ciphers: [TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA]']
  await using frontEnd = await product(upstreams(upstream.port, selection))
  expect(await ask(frontEnd)).toBe('HTTP/1.1 200 OK')
  expect(upstream.peers[0]?.socket.getCipher().standardName).toBe(
    'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  )
})

interface NameRow {
  readonly promise: string
  readonly server: Parameters<typeof mintLeaf>[0]
  readonly issuedTo: string
  readonly remedy: RegExp
}

const NAMES: readonly NameRow[] = [
  {
    promise:
      'a wrong name is told in the words of the source document, with the remedy, and counted',
    server: { issuer: fleet.upstreamCa, purposes: ['serverAuth'], dns: ['s01-trvlr-001'] },
    issuedTo: '[s01-trvlr-001]',
    remedy: /^correct mdm's certificate.* or disable strict TLS$/,
  },
  {
    promise: 'a common name never counts',
    server: { issuer: fleet.upstreamCa, purposes: ['serverAuth'], name: 'localhost' },
    issuedTo: '[localhost]',
    remedy: /a common name does not count/,
  },
]

for (const { promise, server, issuedTo, remedy } of NAMES) {
  test(promise, async () => {
    const leaf = mintLeaf(server)
    const options = { ...upstreamTlsOptions, cert: leaf.chainPem, key: leaf.keyPem }
    await using upstream = await rawUpstream(options, answering(OK))
    await using frontEnd = await product(upstreams(upstream.port, []))
    expect(await ask(frontEnd)).toBe('HTTP/1.1 502 Bad Gateway')
    const line = await frontEnd.waitForLine((one) => one['failure'] === 'tls-name-mismatch')
    expect(line['reason']).toContain(`server name mismatch, certificate issued to: ${issuedTo}`)
    expect(line['next_step']).toMatch(remedy)
    expect(await scrape(frontEnd)).toMatch(
      /tfe_upstream_failures_total\{[^}]*failure="tls-name-mismatch"[^}]*\} 1/,
    )
  })
}

test('strict TLS that is off says chain, every reason and remedy, counts per upstream, and is announced', async () => {
  const stranger = mintLeaf({
    issuer: fleet.stranger,
    purposes: ['serverAuth'],
    dns: ['s01-trvlr-001'],
    name: 'roaming',
  })
  const options = { ...upstreamTlsOptions, cert: stranger.chainPem, key: stranger.keyPem }
  await using upstream = await rawUpstream(options, answering(OK))
  const allow = ['strict: false', 'dangerousStrictOff: true']
  await using frontEnd = await product(upstreams(upstream.port, allow))
  expect(await ask(frontEnd)).toBe('HTTP/1.1 200 OK')
  const line = await frontEnd.waitForLine(({ msg }) =>
    String(msg).startsWith('untrusted upstream used'),
  )
  expect(line).toMatchObject({
    level: 'warn',
    upstream: 'mdm',
    failures: ['tls-untrusted', 'tls-name-mismatch'],
    chain: [{ subject: 'CN=roaming', issuer: 'CN=Stranger' }],
  })
  expect(line['reason']).toContain('its chain does not lead to the trust store')
  expect(line['reason']).toContain('server name mismatch, certificate issued to: [s01-trvlr-001]')
  expect(line['next_step']).toContain('add its CA to `tls.trust.custom`')
  const metrics = await scrape(frontEnd)
  expect(metrics).toContain(
    'tfe_upstream_untrusted_total{upstream="mdm",reason="unknown-issuer"} 1',
  )
  expect(metrics).toContain(
    'tfe_upstream_untrusted_total{upstream="mdm",reason="tls-name-mismatch"} 1',
  )
  expect(metrics).toContain('tfe_dangerous{kind="unverified-upstream"} 1')
  expect(
    await frontEnd.waitForLine((one) => one['dangerous'] === 'unverified-upstream'),
  ).toBeDefined()
})
