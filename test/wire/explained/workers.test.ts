/** With several workers any of them explains, by what all were told; one that hangs does not hold the answer up. */
import process from 'node:process'
import { expect, test } from 'vitest'
import { childrenOf } from '../../support/programs/children-of.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { servedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { keyOf } from '../../cases/front-end.ts'

const NOT_ANSWERED = {
  status: 409,
  body: {
    code: 'not-serving',
    detail: 'no process of this front end serves, or none answered',
    next_step: expect.stringMatching(/readyz/u) as unknown,
  },
}

test('two workers explain by a change that was just made, one does while the other hangs, and none is said where both hang', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using served = await servedWithStore(upstream.port, {}, { workers: 2 })
  const { call, frontEnd } = served
  const question = { certificate: fleet.device.pem, path: '/device/x' }
  const explained = () => call('POST', '/api/explain', question)
  expect(await explained()).toMatchObject({ status: 200, body: { code: 'verified' } })
  const denied = { kind: 'key', key: keyOf(fleet.device) }
  expect((await call('POST', '/api/deny-list', { denied, note: 'lost' })).status).toBe(201)
  await served.inForce()
  const refused = { status: 200, body: { verdict: 'refuse', code: 'denied-key' } }
  const workers = childrenOf(frontEnd.child)
  expect(workers.length).toBe(2)
  const ask = async (hung: readonly number[]) => {
    for (const one of hung) process.kill(one, 'SIGSTOP')
    try {
      return await explained()
    } finally {
      for (const one of hung) process.kill(one, 'SIGCONT')
    }
  }
  // Whichever is asked first.
  for (const worker of workers) expect(await ask([worker])).toMatchObject(refused)
  expect(await ask(workers)).toMatchObject(NOT_ANSWERED)
  expect(await explained()).toMatchObject(refused)
})
