/** What each of the two OAuth endpoints answers in each of their states (S0-27), in both modes of enforcement. */
import { expect, test } from 'vitest'
import { fleet } from '../../support/front-ends/product.ts'
import { poolProcess, storeRules } from '../../support/front-ends/worker-pool.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const ROWS = [
  '{ id: token, path: /oauth/*, class: always, endpoint: oauth }',
  '{ id: legacy, path: /legacy/*, class: legacy-oauth }',
]

/** State of the new and of the legacy endpoint, then what each answers a fit device. */
const STATES = [
  ['not-configured', 'enabled', 'oauth-not-configured', 'open-route'],
  ['not-configured', 'disabled', 'oauth-not-configured', 'legacy-oauth-disabled'],
  ['enabled', 'enabled', 'verified', 'open-route'],
  ['enabled', 'disabled', 'verified', 'legacy-oauth-disabled'],
  ['disabled', 'enabled', 'oauth-disabled', 'open-route'],
  ['disabled', 'disabled', 'oauth-disabled', 'legacy-oauth-disabled'],
] as const

const ADMITTED: ReadonlySet<string> = new Set(['verified', 'open-route'])

for (const enforcement of ['recording', 'required'] as const) {
  test(`enforcement ${enforcement}: each state of the OAuth endpoints has its answer at each of them`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using pool = await poolProcess(1, { upstreamPort: upstream.port, rows: ROWS })
    let revision = 0
    for (const [modern, legacy, ...codes] of STATES) {
      revision += 1
      const rules = storeRules({ revision, latch: enforcement, oauth: { modern, legacy } })
      await pool.send({ kind: 'rules', rules })
      for (const [at, path] of ['/oauth/token', '/legacy/token'].entries()) {
        const code = codes[at] ?? ''
        const target = `${path}?${modern}-${legacy}`
        const before = upstream.peers.length
        const { device } = fleet
        const { status } = await requestOnce(pool, { version: 'TLSv1.3', device, path: target })
        expect([target, status]).toEqual([target, ADMITTED.has(code) ? 200 : 403])
        // A query is not logged, so lines are told apart by their order.
        const row = at === 0 ? 'token' : 'legacy'
        const lines = await pool.waitForLines(revision, ({ route }) => route === row)
        expect([target, lines.at(-1)?.['code']]).toEqual([target, code])
        if (!ADMITTED.has(code)) expect(upstream.peers).toHaveLength(before)
      }
    }
  })

  test(`enforcement ${enforcement}: without a certificate the new OAuth endpoint refuses in every state`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using pool = await poolProcess(1, { upstreamPort: upstream.port, rows: ROWS })
    let revision = 0
    for (const [modern, code] of [
      ['not-configured', 'oauth-not-configured'],
      ['enabled', 'no-certificate'],
      ['disabled', 'oauth-disabled'],
    ] as const) {
      revision += 1
      const oauth = { modern, legacy: 'enabled' } as const
      await pool.send({ kind: 'rules', rules: storeRules({ revision, latch: enforcement, oauth }) })
      const answer = await requestOnce(pool, { version: 'TLSv1.3', path: '/oauth/token' })
      expect([modern, answer.status]).toEqual([modern, 403])
      const lines = await pool.waitForLines(revision, ({ route }) => route === 'token')
      expect(lines.at(-1)).toMatchObject({ code })
    }
    expect(upstream.peers).toHaveLength(0)
  })
}
