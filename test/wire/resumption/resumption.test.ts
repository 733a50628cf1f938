import { expect, test } from 'vitest'
import { fleet, product } from '../../support/front-ends/product.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { VERSIONS, requestOnce } from '../../support/devices/request-once.ts'

const ON = { tls: '{ resumption: "on" }' }

for (const version of VERSIONS) {
  test(`${version}: a resumed session is judged from its leaf and still admitted`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port, ...ON })
    const first = await requestOnce(frontEnd, { version, device: fleet.device })
    const second = await requestOnce(frontEnd, {
      version,
      device: fleet.device,
      session: first.session,
    })
    expect([first.status, first.resumed, second.status, second.resumed]).toEqual([
      200,
      false,
      200,
      true,
    ])
  })

  test(`${version}: a resumed session of a CA that was distrusted meanwhile is not admitted`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    const options = { upstreamPort: upstream.port, ...ON }
    await using frontEnd = await product(options)
    const first = await requestOnce(frontEnd, { version, device: fleet.old })
    expect(first.status).toBe(200)
    await frontEnd.reload({ ...options, yaml: { trust: OLD_FLEET_DISTRUSTED } })
    const second = await requestOnce(frontEnd, {
      version,
      device: fleet.old,
      session: first.session,
    })
    expect(second.status).toBe(403)
  })

  test(`${version}: a ticket from before a CA was removed is worthless`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    const options = { upstreamPort: upstream.port, ...ON }
    await using frontEnd = await product(options)
    const first = await requestOnce(frontEnd, { version, device: fleet.old })
    await frontEnd.reload({ ...options, yaml: { trust: FLEET_ALONE } })
    const second = await requestOnce(frontEnd, {
      version,
      device: fleet.old,
      session: first.session,
    })
    expect([second.status, second.resumed]).toEqual([403, false])
  })

  test(`${version}: a session that began without a certificate is refused by name, and its connection ends`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port, ...ON })
    const first = await requestOnce(frontEnd, { version, path: '/enroll/x' })
    const second = await requestOnce(frontEnd, {
      version,
      device: fleet.device,
      session: first.session,
    })
    expect([first.status, second.resumed, second.status]).toEqual([200, true, 403])
    expect(second.head).toMatch(/connection: close/i)
    const line = await frontEnd.waitForLine((one) => one['decision'] === 'refuse')
    expect(line['code']).toBe('resumed-without-certificate')
  })

  test(`${version}: a session that was refused for having begun without a certificate does not serve again`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port, ...ON })
    const first = await requestOnce(frontEnd, { version, path: '/enroll/x' })
    const refused = await requestOnce(frontEnd, {
      version,
      device: fleet.device,
      session: first.session,
    })
    expect([refused.resumed, refused.status]).toEqual([true, 403])
    for (const session of [first.session, refused.session]) {
      const next = await requestOnce(frontEnd, { version, device: fleet.device, session })
      expect([next.resumed, next.status]).toEqual([false, 200])
    }
    expect(frontEnd.lines.filter(({ msg }) => msg === 'ticket secret replaced')).toHaveLength(1)
  })

  test(`${version}: a session whose issuers are not known ends, so that the device can show them again`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port, ...ON })
    const first = await requestOnce(frontEnd, { version, device: fleet.unknown })
    const second = await requestOnce(frontEnd, {
      version,
      device: fleet.unknown,
      session: first.session,
    })
    expect([first.status, second.resumed, second.status]).toEqual([403, true, 403])
    for (const session of [first.session, second.session]) {
      const next = await requestOnce(frontEnd, { version, device: fleet.unknown, session })
      expect([next.resumed, next.status]).toEqual([false, 403])
    }
  })

  test(`${version}: a listener that is closed to clients without a certificate gives them no ticket either`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    const yaml = { routes: DEVICES_ONLY }
    await using frontEnd = await product({ upstreamPort: upstream.port, yaml, ...ON })
    const turnedAway = await requestOnce(frontEnd, { version })
    const admitted = await requestOnce(frontEnd, { version, device: fleet.device })
    expect([turnedAway.status, turnedAway.session]).toEqual([0, undefined])
    expect([admitted.status, typeof admitted.session]).toEqual([200, 'object'])
  })

  test(`${version}: a ticket of one listener does not serve at another one`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({
      upstreamPort: upstream.port,
      yaml: { listeners: TWO_LISTENERS },
    })
    const { devices = 0, people = 0 } = frontEnd.serving.ports
    const first = await requestOnce(frontEnd, { version, device: fleet.device })
    const { session } = first
    const across = await requestOnce({ port: people }, { version, device: fleet.device, session })
    const back = await requestOnce({ port: devices }, { version, device: fleet.device, session })
    expect([first.status, across.resumed, across.status, back.resumed]).toEqual([
      200,
      false,
      200,
      true,
    ])
  })

  test(`${version}: a ticket of one name does not serve under another one`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({
      upstreamPort: upstream.port,
      yaml: { listeners: TWO_NAMES },
    })
    for (const [from, to] of [
      ['localhost', 'other.test'],
      ['other.test', 'localhost'],
    ] as const) {
      const first = await requestOnce(frontEnd, { version, device: fleet.device, servername: from })
      const { session } = first
      const across = await requestOnce(frontEnd, {
        version,
        device: fleet.device,
        servername: to,
        session,
      })
      const back = await requestOnce(frontEnd, {
        version,
        device: fleet.device,
        servername: from,
        session,
      })
      expect([first.status, across.resumed, across.status, back.resumed, back.status]).toEqual([
        200,
        false,
        200,
        true,
        200,
      ])
    }
  })

  test(`${version}: where devices enrol, sessions are not resumed unless the operator says so`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port })
    const first = await requestOnce(frontEnd, { version, path: '/enroll/x' })
    const second = await requestOnce(frontEnd, {
      version,
      device: fleet.device,
      session: first.session,
    })
    expect([second.resumed, second.status]).toEqual([false, 200])
  })
}

const LISTENER = `
    address: 127.0.0.1
    port: 0
    tls: { resumption: "on" }
    routes: tested`
const TWO_LISTENERS = `
  devices:${LISTENER}
    hosts: [localhost]
    certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }]
  people:${LISTENER}
    hosts: [localhost]
    certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }]`
const TWO_NAMES = `
  devices:${LISTENER}
    hosts: [localhost, other.test]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
      - { chain: 'file:other.pem', key: 'file:other.key' }`
const DEVICES_ONLY = `
  tested:
    upstream: mdm
    rows: [{ id: device, path: /device/*, class: device }]`
const FLEET_ALONE = `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`
const OLD_FLEET_DISTRUSTED = `${FLEET_ALONE}
    - { name: Old Fleet, standing: distrusted, chain: 'file:previous.pem' }`
