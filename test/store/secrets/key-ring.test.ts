import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  mergeKeyRings,
  parseKeyRing,
  readKeyRing,
  unwrapKeyRing,
  withNewKey,
  wrapKeyRing,
  writeKeyRing,
} from '../../../src/store/secrets/key-ring.ts'
import { versionsOf } from '../../../src/store/secrets/seal.ts'
import { aRing } from '../../support/store/backends.ts'
import { unwrapFailure, unwrap } from '../../support/store/sightings.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-keys-'))
  path = join(folder, 'keys')
})
afterEach(() => {
  delete process.env['TFE_TEST_KEYS']
  rmSync(folder, { recursive: true, force: true })
})

const KEY = Buffer.alloc(32, 7).toString('base64')

test('a ring that was written is read back, and only its owner can read it', async () => {
  const ring = withNewKey(withNewKey(undefined))
  await writeKeyRing(path, ring)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(unwrap(await readKeyRing(`file:${path}`))).toEqual({ keys: new Map(ring.keys) })
  await writeKeyRing(path, withNewKey(ring))
  expect(versionsOf(unwrap(await readKeyRing(`file:${path}`)))).toEqual([1, 2, 3])
})

test.each([0o604, 0o660, 0o644, 0o620])('a key file of mode %o is refused', async (mode) => {
  writeFileSync(path, `1 ${KEY}\n`)
  chmodSync(path, mode)
  const [fault] = unwrapFailure(await readKeyRing(`file:${path}`))
  expect(fault?.message).toContain(`0${mode.toString(8)}`)
  chmodSync(path, 0o600)
  unwrap(await readKeyRing(`file:${path}`))
})

test('a ring in the environment is read', async () => {
  process.env['TFE_TEST_KEYS'] = `1 ${KEY};2 ${KEY}`
  expect(versionsOf(unwrap(await readKeyRing('env:TFE_TEST_KEYS')))).toEqual([1, 2])
})

test.each<[string, () => string]>([
  ['a variable that is not set', () => 'env:TFE_TEST_KEYS'],
  ['a file that is not there', () => `file:${path}`],
  ['a folder', () => (mkdirSync(path), `file:${path}`)],
  ['another reference', () => path],
])('%s is a fault', async (_what, reference) => {
  expect(unwrapFailure(await readKeyRing(reference())).length).toBe(1)
})

test('every fault of a ring is told at once, by its line, without a word of a key', () => {
  const text = `# keys\n1 ${KEY}\n1 ${KEY}\n2 c2hvcnQ=\nsecret words\n0 ${KEY}`
  const faults = unwrapFailure(parseKeyRing(text, 'keys'))
  expect(faults.map(({ at }) => at)).toEqual(['keys:3', 'keys:4', 'keys:5', 'keys:6'])
  for (const { message } of faults) {
    expect(message).not.toContain('c2hvcnQ')
    expect(message).not.toContain('secret')
    expect(message).not.toContain(KEY)
  }
})

test('a ring without a key is a fault', () => {
  expect(unwrapFailure(parseKeyRing('# none yet\n\n', 'keys'))).toHaveLength(1)
})

test('a ring travels to another instance under a passphrase', () => {
  const ring = aRing(1, 2)
  const bundle = wrapKeyRing(ring, 'correct horse')
  expect(bundle).not.toContain(Buffer.from(ring.keys.get(1) ?? []).toString('base64'))
  expect(versionsOf(unwrap(unwrapKeyRing(bundle, 'correct horse')))).toEqual([1, 2])
  expect(unwrapFailure(unwrapKeyRing(bundle, 'wrong horse'))).toHaveLength(1)
})

test.each([
  ['something else', 'hello'],
  ['another version', 'tfe-keys-2.a.b.c'],
  ['a short body', 'tfe-keys-1.AAAA.AAAAAAAAAAAAAAAA.AAAA'],
])('a bundle that is %s is refused', (_what, text) => {
  expect(unwrapFailure(unwrapKeyRing(text, 'x'))).toHaveLength(1)
})

test('two rings are joined, unless they hold different keys for one version', () => {
  expect(versionsOf(unwrap(mergeKeyRings(aRing(1), aRing(1, 2))))).toEqual([1, 2])
  const other = { keys: new Map([[1, Buffer.alloc(32, 9)]]) }
  expect(unwrapFailure(mergeKeyRings(aRing(1), other))).toHaveLength(1)
})

test('writing a ring leaves nothing else behind', async () => {
  await writeKeyRing(path, aRing(1))
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2)
  expect(() => statSync(`${path}.unfinished`)).toThrow(/ENOENT/)
})

test.skipIf(process.getuid?.() !== 0)(
  'a ring that the superuser writes stays with the account and the group that could read it',
  async () => {
    chownSync(folder, 65_534, 65_533)
    await writeKeyRing(path, aRing(1))
    expect(statSync(path)).toMatchObject({ uid: 65_534, gid: 65_533, mode: 0o100600 })
    // As it is handed to the group of the program.
    chownSync(path, 0, 65_532)
    chmodSync(path, 0o640)
    await writeKeyRing(path, aRing(1, 2))
    expect(statSync(path)).toMatchObject({ uid: 0, gid: 65_532, mode: 0o100640 })
    expect(versionsOf(unwrap(await readKeyRing(`file:${path}`)))).toEqual([1, 2])
  },
)
