/** The deny list of the file on the sync port: by key or by serial, whatever the enforcement. */
import { createHash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { echo, productWithTunnels } from '../../support/front-ends/product-with-tunnels.ts'

const sha256 = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')
const denied = mintLeaf({ issuer: fleet.devices, name: 'denied' })
const serial = new X509Certificate(denied.der).serialNumber

const LISTS = [
  ['denied-key', `{ keys: ['${sha256(denied.spki)}'] }`],
  [
    'denied-serial',
    `{ serials: [{ issuerKey: '${sha256(fleet.devices.spki)}', serial: '${serial}' }] }`,
  ],
  ['verified', '{}'],
] as const

for (const [code, deny] of LISTS) {
  for (const enforcement of ['required', 'recording']) {
    const what = code === 'verified' ? 'without the list it passes' : `it is refused (${code})`
    test(`a device that is on the deny list calls the sync port: ${what}, ${enforcement}; its neighbour passes`, async () => {
      const trust = `
  deny: ${deny}
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`
      const yaml = { trust, enforcement: ` ${enforcement}` }
      await using frontEnd = await productWithTunnels(echo, { yaml })
      const caller = await frontEnd.device(denied)
      caller.send('me')
      if (code === 'verified') {
        await caller.receiveUntil('me')
        caller.socket.destroy()
      } else await caller.ended
      const [line] = await frontEnd.tunnels(1)
      expect(line).toMatchObject({ code, decision: code === 'verified' ? 'admit' : 'refuse' })
      expect(caller.received).toBe(code === 'verified' ? 'me' : '')
      expect(frontEnd.upstream.peers).toHaveLength(code === 'verified' ? 1 : 0)
      const neighbour = await frontEnd.device(fleet.device)
      neighbour.send('you')
      await neighbour.receiveUntil('you')
    })
  }
}
