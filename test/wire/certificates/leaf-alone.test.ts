import { expect, test } from 'vitest'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { fleet, product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { VERSIONS, requestOnce } from '../../support/devices/request-once.ts'

/** Its intermediate stays at home, as with many an embedded client. */
const alone = (leaf: Leaf): Leaf => ({ ...leaf, chainPem: leaf.pem })
const quiet = alone(mintLeaf({ issuer: fleet.devices, name: 'quiet' }))
const impostor = alone(
  mintLeaf({ issuer: { ...fleet.devices, key: fleet.stranger.key }, name: 'quiet' }),
)

const yaml = {
  trust: `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:root.pem' }`,
}

for (const version of VERSIONS) {
  test(`${version}: a device that presents its leaf alone is admitted once another one has shown their issuer`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port, yaml })
    const visits = [quiet, fleet.device, quiet, impostor]
    const statuses = []
    for (const device of visits)
      statuses.push((await requestOnce(frontEnd, { version, device })).status)
    expect(statuses).toEqual([403, 200, 200, 403])
    const judged = frontEnd.lines.filter((line) => 'decision' in line)
    expect(judged.map((line) => line['code'])).toEqual([
      'untrusted-issuer',
      'verified',
      'verified',
      'bad-signature',
    ])
  })
}
