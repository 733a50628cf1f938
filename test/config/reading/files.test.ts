/** The disk, as the loader meets it. */
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { diskReader, fileStamp } from '../../../src/config/reading/files.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { inMemoryFiles } from '../../support/config/in-memory-files.ts'

const scratch = await mkdtemp(join(tmpdir(), 'tfe-files-'))
afterAll(() => rm(scratch, { recursive: true }))
const at = (name: string): string => join(scratch, name)
const failureOf = async (name: string): Promise<unknown> => {
  const read = await diskReader.read(at(name))
  return read.ok ? 'read' : read.failure
}

test('a file of its owner alone is read whole', async () => {
  await writeFile(at('own'), 'secret', { mode: 0o600 })
  expect(await diskReader.read(at('own'))).toEqual({
    ok: true,
    value: { bytes: Buffer.from('secret'), exposure: undefined, stamp: await fileStamp(at('own')) },
  })
})

for (const [mode, exposure] of [
  [0o604, 'others'],
  [0o644, 'others'],
  [0o660, 'group'],
] as const) {
  test(`a file of mode ${mode.toString(8)} is exposed to ${exposure}`, async () => {
    await writeFile(at('shared'), 'secret')
    await chmod(at('shared'), mode)
    expect(await diskReader.read(at('shared'))).toMatchObject({ value: { exposure } })
  })
}

test('what is not there, not a file, empty or too large is told apart', async () => {
  await mkdir(at('folder'))
  await writeFile(at('empty'), '')
  await writeFile(at('large'), Buffer.alloc(4 * 1024 * 1024 + 1))
  await writeFile(at('full'), Buffer.alloc(4 * 1024 * 1024))
  expect(await failureOf('absent')).toEqual({ kind: 'absent' })
  expect(await failureOf('empty/below')).toEqual({ kind: 'absent' })
  expect(await failureOf('folder')).toEqual({ kind: 'not-a-file' })
  expect(await failureOf('empty')).toEqual({ kind: 'empty' })
  expect(await failureOf('large')).toEqual({ kind: 'too-large', limit: 4 * 1024 * 1024 })
  expect(await failureOf('full')).toBe('read')
})

test.skipIf(process.platform === 'win32')(
  'a named pipe is refused at once, not waited for',
  async () => {
    execFileSync('mkfifo', [at('pipe')])
    expect(await failureOf('pipe')).toEqual({ kind: 'not-a-file' })
  },
)

test('a configuration that is not there is one fault with its path', async () => {
  expect(await loadConfig(at('none.yaml'), {})).toEqual({
    ok: false,
    failure: [{ at: at('none.yaml'), message: expect.stringContaining('found no file') }],
  })
})

test('a configuration of more than 256 KiB is refused before it is parsed', async () => {
  const refusal = async (length: number): Promise<string | undefined> => {
    const text = '#'.repeat(length)
    const loaded = await loadConfig('c.yaml', {}, inMemoryFiles('c.yaml', text))
    return loaded.ok ? undefined : loaded.failure[0]?.message
  }
  expect(await refusal(256 * 1024 + 1)).toContain('wanted at most 262144')
  expect(await refusal(256 * 1024)).toContain('wanted a mapping')
})

test('octets that are not UTF-8 are refused', async () => {
  await writeFile(at('latin1.yaml'), Buffer.from('profile: caf\xe9', 'latin1'))
  expect(await loadConfig(at('latin1.yaml'), {})).toMatchObject({
    failure: [{ message: expect.stringContaining('not UTF-8') }],
  })
})

test('brackets nested without end are a fault, not a crash', async () => {
  const text = `profile: ${'['.repeat(100_000)}`
  const loaded = await loadConfig('c.yaml', {}, inMemoryFiles('c.yaml', text))
  expect(loaded.ok).toBe(false)
})
