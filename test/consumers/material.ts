/**
 * The certificates of one run: a fleet's root and intermediate with one device, and a site CA that named
 * the front end, the servers behind it, and the front end again as their only client.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Ca, type Leaf, mintCa, mintLeaf } from '../support/certificates/mint.ts'
import { nameOf } from '../support/certificates/der-writer.ts'

/** Paths of PEM files: a chain, leaf first, and its key. */
export interface IdentityFiles {
  readonly chain: string
  readonly key: string
}

export interface Material {
  /** The device's own certificate, to compare with what a server was told. */
  readonly deviceDer: Buffer
  /** The device's subject, RFC 2253. */
  readonly deviceSubject: string
  readonly device: IdentityFiles
  /** PEM of the fleet's root. */
  readonly fleetRoot: string
  /** PEM of the CA that every server in this run comes from. */
  readonly siteRoot: string
  readonly frontEnd: IdentityFiles
  readonly upstream: IdentityFiles
  /** What the front end shows to the servers, which serve no other client. */
  readonly frontEndAsClient: IdentityFiles
}

/** Mints everything and writes it below `folder`. */
export function mintMaterial(folder: string): Material {
  const fleet = mintCa({ name: 'Fleet Root' })
  const issuing = mintCa({ name: 'Fleet Issuing CA', issuer: fleet, pathLength: 0 })
  const site = mintCa({ name: 'Site CA' })
  const device = mintLeaf({ issuer: issuing, subject: DEVICE_NAME })
  const server = { issuer: site, dns: ['localhost'], purposes: ['serverAuth'] } as const
  const save = (name: string, leaf: Leaf): IdentityFiles => ({
    chain: write(`${name}.pem`, leaf.chainPem),
    key: write(`${name}.key`, leaf.keyPem),
  })
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const saveRoot = (name: string, ca: Ca): string => write(`${name}.pem`, ca.pem)
  return {
    deviceDer: device.der,
    deviceSubject: 'CN=device-0001,OU=Phones,O=Example',
    device: save('device', device),
    fleetRoot: saveRoot('fleet-root', fleet),
    siteRoot: saveRoot('site-root', site),
    frontEnd: save('front-end', mintLeaf({ ...server, name: 'front end' })),
    upstream: save('upstream', mintLeaf({ ...server, name: 'upstream' })),
    frontEndAsClient: save('gateway', mintLeaf({ issuer: site, name: 'gateway' })),
  }
}

const DEVICE_NAME = nameOf(
  ['2.5.4.10', 'Example'],
  ['2.5.4.11', 'Phones'],
  ['2.5.4.3', 'device-0001'],
)
