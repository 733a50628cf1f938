/** Our own program as a candidate, started as its image starts it; whichever commit of it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import type { Candidate, Place, Variant } from './candidate.ts'

/** What the image gives the runtime. */
export interface ImageStart {
  readonly flags: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/**
 * Reads from a checked-out commit how its image starts Node. `allocator` is the file of the library that the image
 * preloads.
 */
export async function imageStart(tree: string, allocator: string): Promise<ImageStart> {
  // An OpenSSL configuration of the caller's would take the place of the image's.
  delete process.env['OPENSSL_CONF']
  const script = pathToFileURL(join(tree, 'scripts/node26.mjs')).href
  const { NODE_FLAGS, NODE_ENVIRONMENT } = (await import(script)) as {
    readonly NODE_FLAGS: readonly string[]
    readonly NODE_ENVIRONMENT: Readonly<Record<string, string>>
  }
  return {
    flags: NODE_FLAGS,
    env: { NODE_ENV: 'production', ...NODE_ENVIRONMENT, LD_PRELOAD: allocator },
  }
}

/** The front end of a commit, by the folder that it is checked out in. */
export const frontEnd = (
  { tree, image }: { readonly tree: string; readonly image: ImageStart },
  variant: Variant & { readonly version: string },
  settings: FrontEndSettings = {},
): Candidate => ({
  ...variant,
  prepare: (place) => {
    const file = join(place.folder, `${place.name}.yaml`)
    // JSON is YAML.
    writeFileSync(
      file,
      JSON.stringify({ ...configuration(place, variant, settings), ...ending(tree) }, null, 2),
    )
    return {
      file: process.execPath,
      args: [...image.flags, join(tree, 'src/main.ts'), 'serve', '--config', file],
      env: image.env,
    }
  },
})

/** What a curve varies. */
export interface FrontEndSettings {
  /** Replaces `trust.enrollmentSettings`. */
  readonly enrollmentSettings?: readonly object[]
  /** Rows before the one that every request meets. */
  readonly rows?: readonly object[]
  /** Replaces the store, which there is none of. */
  readonly store?: object
}

/** Ends without an announcement; commits from before there was one do not know the key. */
const ending = (tree: string): { readonly announce?: string } =>
  readFileSync(join(tree, 'docs/configuration.md'), 'utf8').includes('`announce`')
    ? { announce: '0s' }
    : {}

/** The same certificates, field and verified upstream as the others have. */
const configuration = (place: Place, variant: Variant, settings: FrontEndSettings) => ({
  profile: 'generic',
  workers: variant.workers,
  store: settings.store ?? { dangerousNone: true },
  enforcement: 'required',
  drain: '1s',
  trust: {
    enrollmentSettings: settings.enrollmentSettings ?? [
      { name: 'bench', standing: 'current', chain: `file:${place.pki}/root.pem` },
    ],
  },
  listeners: {
    devices: {
      address: '127.0.0.1',
      port: place.port,
      hosts: ['localhost'],
      certificates: [
        { chain: `file:${place.pki}/server.pem`, key: `file:${place.pki}/server.key` },
      ],
      routes: 'all',
      // As the others: an idle connection of one round is there in the next.
      limits: { connections: 12_000, idle: '1h', requestsPerConnection: 1_000_000 },
    },
  },
  routes: {
    all: { rows: [...(settings.rows ?? []), { id: 'all', path: '/*', class: 'device' }] },
  },
  upstreams: {
    backend: {
      url: `https://127.0.0.1:${place.backendPort}`,
      limits: { connections: 256, idle: '1h' },
      identity: { format: 'nginx', fields: { certificate: 'X-Client-Cert' } },
      tls: {
        hostname: 'backend.test',
        sni: 'backend.test',
        trust: { default: 'off', custom: [`file:${place.pki}/root.pem`] },
      },
    },
  },
  metrics: { port: 0 },
  // Events are made and counted either way; what is off is the writing of lines, as with the others.
  log: { level: 'info', requests: variant.isLogging, connections: false },
})
