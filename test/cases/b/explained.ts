/** The judge's word on a certificate in a file, under a configuration with these CAs and lists: `tfe explain`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tfe } from '../../support/cli/run-command.ts'
import { productYaml, writeFiles } from '../../support/front-ends/product.ts'
import type { Files } from './openssl.ts'

/** What is asked. */
export interface Asked {
  /** `device.pem`, `ca.pem` and the lists. */
  readonly files: Files
  readonly profile?: 'private' | 'strict'
  /** Names of files. */
  readonly lists?: readonly string[]
  readonly at?: string
}

/** `admitted`, `refused` with its code, or the code of a configuration that is not taken; and all that was said. */
export async function explained(
  asked: Asked,
): Promise<{ readonly word: string; readonly said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-cases-'))
  try {
    writeFiles(folder)
    for (const [name, content] of Object.entries(asked.files))
      writeFileSync(join(folder, name), content)
    const lists = asked.lists?.map((file) => `{ file: ${file} }`).join(', ')
    const crl = lists === undefined ? '' : `, crl: { lists: [${lists}] }`
    const yaml = {
      trust: `
  profile: ${asked.profile ?? 'private'}
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:ca.pem'${crl} }`,
      store: ' { dangerousNone: true }',
    }
    const config = join(folder, 'tfe.yaml')
    writeFileSync(config, productYaml({ upstreamPort: 1, yaml }))
    const at = asked.at === undefined ? [] : ['--at', asked.at]
    const typed = [
      'explain',
      join(folder, 'device.pem'),
      '--config',
      config,
      '--route',
      '/device/x',
    ]
    const { code, out, err } = await tfe([...typed, ...at])
    const [, refused] = /REFUSED: ([a-z-]+)/u.exec(out) ?? []
    const word = code === 0 ? 'admitted' : refused === undefined ? 'not read' : `refused ${refused}`
    return { word, said: `${out}\n${err}` }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
