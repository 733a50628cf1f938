/** Certificates in use, on a front end that serves: each kind is there with the time at which it expires. */
import { expect, test } from 'vitest'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { product } from '../../support/front-ends/product.ts'
import { readExposition } from '../../support/metrics/exposition.ts'

const now = Math.floor(Date.now() / 1000) * 1000
const inDays = (days: number): number => now + days * 86_400_000

const root = mintCa({ name: 'Own Root', notAfter: inDays(900) })
const issuing = mintCa({ name: 'Own Issuing', issuer: root, notAfter: inDays(800) })
const own = (days: number) =>
  mintLeaf({
    issuer: issuing,
    purposes: ['serverAuth'],
    dns: ['localhost'],
    notAfter: inDays(days),
  })
const server = own(11)
const sooner = own(7)
const admin = own(13)
const upstreamClient = mintLeaf({ issuer: issuing, name: 'front', notAfter: inDays(17) })
const devices = mintCa({ name: 'Device Root', notAfter: inDays(700) })
const below = mintCa({ name: 'Device Issuing', issuer: devices, notAfter: inDays(600) })
const distrusted = mintCa({ name: 'Gone', notAfter: inDays(1) })

const FILES = {
  'two.pem': server.chainPem + issuing.pem,
  'two.key': server.keyPem,
  'sooner.pem': sooner.chainPem,
  'sooner.key': sooner.keyPem,
  'admin.pem': admin.chainPem + issuing.pem,
  'admin.key': admin.keyPem,
  'front-end.pem': upstreamClient.chainPem + issuing.pem,
  'front-end.key': upstreamClient.keyPem,
  'chain.pem': below.pem + devices.pem,
  'gone.pem': distrusted.pem,
  'upstream-ca.pem': issuing.pem + root.pem,
}

test('every certificate in use is there with its time: our own on each port and towards upstreams, what stands above them, and the CAs', async () => {
  await using served = await product({
    upstreamPort: 1,
    files: FILES,
    yaml: {
      store: ` { sqlite: 'data/tfe.sqlite' }`,
      admin: ` { port: 0, certificate: { chain: 'file:admin.pem', key: 'file:admin.key' } }`,
      trust: `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:chain.pem' }
    - { name: Gone, standing: distrusted, chain: 'file:gone.pem' }`,
      listeners: `
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost]
    certificates:
      - { chain: 'file:two.pem', key: 'file:two.key' }
      - { chain: 'file:sooner.pem', key: 'file:sooner.key' }
    routes: tested`,
    },
  })
  const response = await fetch(`http://127.0.0.1:${served.statusPort}/metrics`)
  const shown = readExposition(await response.text())
    .find(({ name }) => name === 'tfe_certificate_not_after_seconds')
    ?.samples.map(({ labels, value }) => `${labels['role']} ${labels['name']} ${value * 1000}`)
  expect(shown?.toSorted()).toEqual(
    [
      `admin admin ${inDays(13)}`,
      `admin-chain admin ${inDays(800)}`,
      `enrollment-setting Fleet ${inDays(700)}`,
      `enrollment-setting-intermediate Fleet ${inDays(600)}`,
      // Of two with one name the first to expire, whichever the file has first.
      `server devices localhost ${inDays(7)}`,
      `server-chain devices localhost ${inDays(800)}`,
      `upstream-ca mdm ${inDays(800)}`,
      `upstream-client mdm ${inDays(17)}`,
      `upstream-client-chain mdm ${inDays(800)}`,
    ].toSorted(),
  )
})
