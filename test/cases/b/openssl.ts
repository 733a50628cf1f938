/** What OpenSSL's commands say of the same files, to stand beside what is seen; it is printed and not compared. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Files by their names, for one command. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** Runs `openssl` where these files are; its last line, in short. */
export function openssl(args: readonly string[], files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-openssl-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    const ran = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8', timeout: 20_000 })
    if (ran.error !== undefined)
      throw new Error('missing: openssl (Debian: apt-get install openssl)')
    const lines = `${ran.stdout}\n${ran.stderr}`.trim().split('\n')
    const telling =
      lines.find((line) => /error|unable|expecting/iu.test(line)) ?? lines.at(-1) ?? ''
    const word = ran.status === 0 ? 'yes' : 'no'
    return `openssl ${args[0]}: ${word}, ${telling.replace(/^[0-9A-F]{8,}:error:/u, '').slice(0, 100)}`
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A file of the folder that `TFE_CASES` names; undefined where it names none. */
export function givenInput(name: string): Buffer | undefined {
  const folder = process.env['TFE_CASES']
  if (folder === undefined) return undefined
  // It names the inputs, or what they lie in.
  const [here, below] = [join(folder, name), join(folder, 'inputs', name)]
  return readFileSync(existsSync(here) ? here : below)
}

/** The day in whose middle the given certificates and lists are valid. */
export const GIVEN_DAY = '2027-03-01'
