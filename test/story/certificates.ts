/** Who the front end and the server behind it are, in one run of the story. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'
import type { Authorities } from './devices.ts'

/** The name that devices call. */
export const HOST = 'mdm.story.test'

export interface Material {
  /** PEM of the CA that devices know the front end by. */
  readonly siteRoot: string
  /** How the server behind the front end speaks TLS: with the front end alone. */
  readonly upstream: {
    readonly key: string
    readonly cert: string
    readonly ca: string
    readonly requestCert: true
    readonly rejectUnauthorized: true
  }
}

/** Mints what a run needs, and writes what the configuration names into a folder. */
export function writeMaterial(folder: string, { old }: Authorities): Material {
  const site = mintCa({ name: 'Site Root' })
  const server = mintLeaf({ issuer: site, purposes: ['serverAuth'], dns: [HOST] })
  const inside = mintCa({ name: 'Inside Root' })
  const core = mintLeaf({ issuer: inside, purposes: ['serverAuth'], dns: ['localhost'] })
  const frontEnd = mintLeaf({ issuer: inside, name: 'front-end' })
  const files: Readonly<Record<string, string>> = {
    'old-ca.pem': old.pem,
    'server.pem': server.chainPem,
    'server.key': server.keyPem,
    'inside-ca.pem': inside.pem,
    'front-end.pem': frontEnd.chainPem,
    'front-end.key': frontEnd.keyPem,
  }
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
  }
  return {
    siteRoot: site.pem,
    upstream: {
      key: core.keyPem,
      cert: core.chainPem,
      ca: inside.pem,
      requestCert: true,
      rejectUnauthorized: true,
    },
  }
}
