/** Servers that Node runs beside ours: http-proxy as its users start it, and the floor under everything that Node runs. */
import { fileURLToPath } from 'node:url'
import process from 'node:process'
import type { Candidate, Place, Variant } from './candidate.ts'
import type { ImageStart } from './front-end.ts'

/** What a server in `servers/` is told, as JSON. */
export interface ServerOptions {
  readonly port: number
  readonly pki: string
  readonly backendPort: number
}

const told = ({ port, pki, backendPort }: Place): string =>
  JSON.stringify({ port, pki, backendPort } satisfies ServerOptions)

const script = (name: string): string =>
  fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url))

export const httpProxy = (version: string, variant: Variant): Candidate => ({
  ...variant,
  version,
  prepare: (place) => ({
    file: process.execPath,
    args: [script('http-proxy'), told(place)],
    env: { NODE_ENV: 'production' },
  }),
})

/** Started as ours is, so that what lies between the two is ours alone. */
export const floor = (image: ImageStart, variant: Variant): Candidate => ({
  ...variant,
  version: `Node ${process.versions.node}`,
  isFloor: true,
  prepare: (place) => ({
    file: process.execPath,
    args: [...image.flags, script('floor'), told(place)],
    env: image.env,
  }),
})
