/** What `tfe check` says of a configuration, warnings included. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tfe } from '../../support/cli/run-command.ts'
import { productYaml, writeFiles } from '../../support/front-ends/product.ts'
import type { Files } from './openssl.ts'

export interface Checked {
  readonly files?: Files
  /** Top-level YAML keys that take the place of the usual ones. */
  readonly yaml: Readonly<Record<string, string>>
  readonly tls?: string
}

export async function checked({ files = {}, ...options }: Checked): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-checked-'))
  try {
    writeFiles(folder)
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    const config = join(folder, 'tfe.yaml')
    writeFileSync(config, productYaml({ upstreamPort: 1, ...options }))
    const { out, err } = await tfe(['check', config])
    return `${out}\n${err}`
  } finally {
    rmSync(folder, { recursive: true })
  }
}
