/**
 * Which configuration the demonstration serves: config/demo.yaml itself, so that what people read is what runs;
 * or, for another folder or other ports, a copy that differs in nothing else.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DEFAULT_PORTS, type Ports } from './ports.ts'

/** Where the demonstration lives, and what it may use. */
export interface DemoLocation {
  /** The project's own folder, which holds config/demo.yaml. */
  readonly root: string
  /** Certificates and keys. */
  readonly folder: string
  readonly ports: Ports
}

/** The path of a configuration for this place; writes a copy where the original does not fit. */
export async function configurationFor({ root, folder, ports }: DemoLocation): Promise<string> {
  const original = join(root, 'config', 'demo.yaml')
  if (resolve(folder) === join(root, 'demo-data') && isDefault(ports)) return original
  const copy = join(folder, 'demo.yaml')
  await writeFile(copy, adaptConfiguration(await readFile(original, 'utf8'), ports))
  return copy
}

/** The text of config/demo.yaml, for files beside it and other ports. Throws when the original has changed shape. */
export function adaptConfiguration(original: string, ports: Ports): string {
  const swaps: readonly (readonly [RegExp, string])[] = [
    [/file:\.\.\/demo-data\//g, 'file:'],
    [/(?<=sqlite: )\.\.\/demo-data\//g, ''],
    [/(?<=^\s+port: )8443$/gm, String(ports.frontEnd)],
    [/(?<=https:\/\/localhost:)9443$/gm, String(ports.upstream)],
    [/(?<=^\s+port: )9464$/gm, String(ports.metrics)],
    [/(?<=^\s+port: )9465$/gm, String(ports.admin)],
  ]
  return swaps.reduce((text, [pattern, value]) => {
    if (text.search(pattern) === -1) throw new Error(`config/demo.yaml lacks ${pattern.source}`)
    return text.replaceAll(pattern, value)
  }, original)
}

const isDefault = (ports: Ports): boolean =>
  (Object.keys(DEFAULT_PORTS) as (keyof Ports)[]).every(
    (role) => ports[role] === DEFAULT_PORTS[role],
  )
