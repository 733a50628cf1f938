/** The certificates of a run: P-256 throughout, a device under an intermediate, as fleets have it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mintCa, mintLeaf, type Ca } from '../../support/certificates/mint.ts'

/** Who issues: the root that servers trust, and the CA of the devices under it. */
export interface Issuers {
  readonly root: Ca
  readonly devices: Ca
}

/** Writes them into a folder, for servers of any user to read: they are worth nothing after the run. */
export function writeCertificates(folder: string): Issuers {
  mkdirSync(folder, { recursive: true })
  const root = mintCa({ name: 'Bench Root' })
  const devices = mintCa({ name: 'Bench Devices', issuer: root })
  const device = mintLeaf({
    issuer: devices,
    name: 'device-00000000',
    uris: ['urn:dev:mac:001122334455'],
  })
  const names = { purposes: ['serverAuth'], ips: ['127.0.0.1'] } as const
  const server = mintLeaf({ issuer: root, dns: ['localhost'], ...names })
  const backend = mintLeaf({ issuer: root, dns: ['backend.test', 'localhost'], ...names })
  const files: Readonly<Record<string, string>> = {
    'root.pem': root.pem,
    'devices.pem': devices.pem,
    'devices.key': devices.keyPem,
    'device.pem': device.chainPem,
    'device.key': device.keyPem,
    'server.pem': server.chainPem,
    'server.key': server.keyPem,
    // HAProxy wants both in one file.
    'server-both.pem': server.chainPem + server.keyPem,
    'backend.pem': backend.chainPem,
    'backend.key': backend.keyPem,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return { root, devices }
}
