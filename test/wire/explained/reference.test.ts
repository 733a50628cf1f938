/** A reference is explained by what was decided then and what would be now, with what has changed between. */
import { expect, test } from 'vitest'
import { frontEnd, keyOf, type FrontEnd } from '../../cases/front-end.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { until } from '../../support/until.ts'

interface Explained {
  readonly verdict: string
  readonly code: string
  readonly reference: {
    readonly code: string
    readonly same: boolean | null
    readonly changed: readonly string[]
  } | null
}

/** The reference of the last request that was refused, once the store keeps it. */
async function referenceIn(on: FrontEnd): Promise<string> {
  const line = on.product.lines.findLast(({ decision }) => decision === 'refuse')
  const reference = String(line?.['reference'])
  await until(
    () => on.call('GET', `/api/refusals/${reference}`),
    ({ status }) => status === 200,
  )
  return reference
}

async function explained(on: FrontEnd, reference: string): Promise<Explained> {
  const { status, body } = await on.call('POST', '/api/explain', { reference })
  expect(status).toBe(200)
  return body as Explained
}

test('a reference says the same as long as nothing has changed, and what has once it did', async () => {
  await using on = await frontEnd()
  const refused = await on.verdict(fleet.unknown)
  expect(refused).toBe('403 untrusted-issuer')
  const reference = await referenceIn(on)
  expect(await explained(on, reference)).toMatchObject({
    verdict: 'refuse',
    code: 'untrusted-issuer',
    reference: { code: 'untrusted-issuer', same: true, changed: [] },
  })
  const chain = fleet.stranger.pem
  await on.call('POST', '/api/enrollment-settings', { name: 'Next', source: 'other', chain })
  await on.call('POST', '/api/enrollment-settings/Next/promote', {
    cut_off: 'not-before',
    sunset: null,
  })
  await on.inForce()
  const now = await explained(on, reference)
  expect(now).toMatchObject({ verdict: 'admit', reference: { same: false } })
  expect(now.reference?.changed.join()).toMatch(
    /the enrollment setting Next is current, since .*, by alice/u,
  )
  const { code, out } = await on.type('explain', reference)
  expect(code).toBe(0)
  expect(out).toContain('now it would be admitted: verified')
  expect(await on.verdict(fleet.unknown)).toBe('200 verified')
})

test('a reference of a device that is on the deny list meanwhile says since when and by whom', async () => {
  await using on = await frontEnd()
  expect(await on.verdict(fleet.beyondGrace)).toBe('403 expired-beyond-grace')
  const reference = await referenceIn(on)
  await on.call('POST', '/api/deny-list', {
    denied: { kind: 'key', key: keyOf(fleet.beyondGrace) },
    note: 'stolen',
  })
  await on.inForce()
  const now = await explained(on, reference)
  expect(now).toMatchObject({ verdict: 'refuse', code: 'denied-key', reference: { same: false } })
  expect(now.reference?.changed.join()).toMatch(/the deny list names the key .*, by alice/u)
})

test('a reference of what the device was not judged for is not held against the verdict on the device', async () => {
  await using on = await frontEnd()
  expect(await on.send(fleet.device, 'GET /device/x', 'Host: other.example')).toBe(400)
  const reference = await referenceIn(on)
  const now = await explained(on, reference)
  expect(now).toMatchObject({
    verdict: 'admit',
    reference: { code: 'host-repeated', same: null, changed: [] },
  })
  const { out } = await on.type('explain', reference)
  expect(out).toContain('what was decided then is not asked again')
  expect(out).not.toContain('now it would be admitted')
})

test('a reference that leads nowhere is answered as tfe why answers it, and none goes with a request of its own', async () => {
  await using on = await frontEnd()
  const unknown = await on.call('POST', '/api/explain', { reference: '0123456789abcdef-1' })
  expect(unknown).toMatchObject({ status: 404, body: { code: 'reference-unknown' } })
  const both = { reference: '0123456789abcdef-1', path: '/device/x' }
  expect(await on.call('POST', '/api/explain', both)).toMatchObject({
    status: 422,
    body: { faults: [{ at: 'path' }] },
  })
  const agent = { reference: '0123456789abcdef-1', user_agent: 'MobileIron' }
  expect(await on.call('POST', '/api/explain', agent)).toMatchObject({
    status: 422,
    body: { faults: [{ at: 'user_agent' }] },
  })
})

test('more certificates than a device shows are not judged', async () => {
  await using on = await frontEnd()
  const certificate = fleet.device.pem.repeat(17)
  expect(await on.call('POST', '/api/explain', { certificate })).toMatchObject({
    status: 422,
    body: {
      faults: [
        { at: 'certificate', message: expect.stringMatching(/^found 17 .*wanted 16/u) as unknown },
      ],
    },
  })
  const few = fleet.device.pem.repeat(16)
  expect(await on.call('POST', '/api/explain', { certificate: few })).toMatchObject({ status: 200 })
})
