/**
 * Whether the identity of a device reaches a server that no trust store vouches for: by the switches of the file, and with
 * upstream TLS settings that were stored while Allow and Log was the signature under strict TLS being off.
 */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runtimeCatalogue } from '../../../src/config/reading/runtime-offers.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { openStore } from '../../../src/store/store.ts'
import { documentName, documentOf } from '../../../src/upstream-tls/document.ts'
import { initialSettings } from '../../../src/upstream-tls/draft-result.ts'
import { mintLeaf, type LeafOptions } from '../../support/certificates/mint.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { fleet, product } from '../../support/front-ends/product.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { OK, rawUpstream, type RawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { FILE } from '../../upstream-tls/small-runtime.ts'

const { device } = fleet

/** A server of a CA that is in no trust store; it keeps the fields that it was handed. */
async function strange(heads: string[], leaf: Partial<LeafOptions> = {}): Promise<RawUpstream> {
  const minted = mintLeaf({
    issuer: fleet.stranger,
    purposes: ['serverAuth'],
    dns: ['localhost'],
    ...leaf,
  })
  const options = { ...upstreamTlsOptions, cert: minted.chainPem, key: minted.keyPem }
  return await rawUpstream(options, async (peer) => {
    for (;;) {
      const request = await peer.request()
      if (request === undefined) return
      heads.push(request.head)
      peer.write(OK)
    }
  })
}

const told = (heads: readonly string[]): readonly boolean[] =>
  heads.map((head) => /^client-cert: :/imu.test(head))

interface Row {
  readonly promise: string
  readonly tls: readonly string[]
  readonly leaf?: Partial<LeafOptions>
  readonly status: number
  readonly danger?: string
  readonly says?: string
}

const ROWS: readonly Row[] = [
  {
    promise: 'without a switch an untrusted server is told nothing',
    tls: [],
    status: 502,
  },
  {
    promise:
      'Allow and Log hands the client certificate field to an untrusted server, logs and counts it',
    tls: ['dangerousAllowAndLog: true'],
    status: 200,
    danger: 'untrusted-servers-allowed',
    says: 'untrusted upstream used: Allow and Log untrusted servers is on',
  },
  {
    promise: 'Allow and Log tells an untrusted server of another name nothing',
    tls: ['dangerousAllowAndLog: true'],
    leaf: { dns: ['other.test'] },
    status: 502,
    danger: 'untrusted-servers-allowed',
  },
  {
    promise: 'strict TLS that is off hands it to any server, logs and counts it',
    tls: ['strict: false', 'dangerousStrictOff: true'],
    leaf: { dns: ['other.test'] },
    status: 200,
    danger: 'unverified-upstream',
    says: 'untrusted upstream used: strict TLS is off',
  },
  {
    promise: 'strict TLS that is off with the former signature is off',
    tls: ['strict: false', 'dangerousUnverified: true'],
    status: 200,
    danger: 'unverified-upstream',
    says: 'untrusted upstream used: strict TLS is off',
  },
  {
    promise: 'the former signature beside strict TLS allows no untrusted server',
    tls: ['strict: true', 'dangerousUnverified: true'],
    status: 502,
  },
]

for (const { promise, tls, leaf, status, danger, says } of ROWS) {
  test(promise, async () => {
    const heads: string[] = []
    await using upstream = await strange(heads, leaf)
    await using frontEnd = await product({ upstreamPort: upstream.port, upstreamTls: tls })
    expect((await requestOnce(frontEnd, { version: 'TLSv1.3', device })).status).toBe(status)
    expect(told(heads)).toEqual(status === 200 ? [true] : [])
    const scraped = await fetch(`http://127.0.0.1:${frontEnd.statusPort}/metrics`)
    const metrics = await scraped.text()
    const kinds = ['untrusted-servers-allowed', 'unverified-upstream']
    expect(kinds.filter((kind) => metrics.includes(`tfe_dangerous{kind="${kind}"} 1`))).toEqual(
      danger === undefined ? [] : [danger],
    )
    expect(
      metrics.includes('tfe_upstream_untrusted_total{upstream="mdm",reason="unknown-issuer"} 1'),
    ).toBe(says !== undefined)
    if (danger !== undefined) await frontEnd.waitForLine((line) => line['dangerous'] === danger)
    if (says === undefined) return
    expect(await frontEnd.waitForLine(({ msg }) => msg === says)).toMatchObject({
      level: 'warn',
      upstream: 'mdm',
      chain: [{ issuer: 'CN=Stranger' }],
    })
  })
}

const RULES = { catalogue: runtimeCatalogue(), preset: 'secure', file: FILE } as const

/** The store as the version before left it: strict TLS off, with Allow and Log as the signature. */
async function storeFormer({ frontEnd }: ServedWithStore): Promise<void> {
  const opened = await openStore(
    { kind: 'sqlite', path: join(frontEnd.folder, 'data/tfe.sqlite') },
    {
      clock: { now: () => Date.now() as Instant },
      ring: { keys: new Map() },
      initialSettings: undefined,
    },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  const written = documentOf(initialSettings(RULES), RULES)
  const chosen = { strict: false, allowUntrusted: true }
  const body = { ...written, chosen, draft: { ...written.draft, chosen } }
  const by = { who: 'test', from: 'test' }
  const put = await opened.value.documents.put(by, { name: documentName('mdm'), body }, 'any')
  await opened.value.close()
  if (!put.ok) throw new Error(put.failure.kind)
}

test('settings stored with the former signature mean strict TLS off alone, and strict TLS that is turned on later refuses an untrusted server', async () => {
  const heads: string[] = []
  await using upstream = await strange(heads)
  await using deployment = await servedWithStore(upstream.port, {})
  const { frontEnd, call } = deployment
  const status = async (): Promise<number> =>
    (await requestOnce(frontEnd, { version: 'TLSv1.3', device })).status
  const apply = async (sent: object): Promise<void> => {
    const at = '/api/upstreams/mdm/tls'
    const drafted = await call('PUT', `${at}/draft`, { mode: 'default', ...sent }, '*')
    expect(drafted.status).toBe(200)
    const { warnings } = drafted.body as { readonly warnings: readonly { readonly code: string }[] }
    const acknowledged = warnings.map(({ code }) => code)
    expect((await call('POST', `${at}/apply`, { acknowledged }, '*')).status).toBe(200)
    await deployment.inForce()
  }
  expect(await status()).toBe(502)
  await storeFormer(deployment)
  await expect.poll(status).toBe(200)
  const { body } = await call('GET', '/api/upstreams/mdm/tls')
  expect(body).toMatchObject({
    applied: { strict: false, allow_and_log: false },
    draft: { strict: false, allow_and_log: false },
  })
  expect(JSON.stringify(body)).toContain(
    'mdm: Allow and Log untrusted servers was on in what is applied, as the signature under strict TLS being off, and is off now',
  )
  const before = heads.length
  await apply({ strict: true })
  expect(await status()).toBe(502)
  expect(heads).toHaveLength(before)
  // The control: carried over, it would have handed the identity of the device to that server.
  await apply({ strict: true, allow_and_log: true })
  expect(await status()).toBe(200)
  expect(told(heads.slice(before))).toEqual([true])
})
