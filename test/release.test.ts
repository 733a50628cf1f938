import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { prepareRelease, VERSIONED, type VersionedFiles } from '../scripts/release.ts'

const FILES: VersionedFiles = {
  'package.json': '{ "type": "module", "version": "0.9.1" }',
  'package-lock.json': '{ "version": "0.9.1", "packages": { "": { "version": "0.9.1" } } }',
  Dockerfile: 'FROM x\nARG VERSION=0.9.1\nLABEL v="${VERSION}"\n',
  'CHANGELOG.md':
    '# Changelog\n\n## 0.10.0, not released\n\n### Changed\n\n- A thing.\n\n## 0.9.1, 2026-01-01\n\n- Old.\n',
}

test('a release has its version in every file, its day in the changelog, and its own notes alone', () => {
  const release = prepareRelease(FILES, '0.10.0', '2026-02-03')
  if (!release.ok) throw new Error(release.fault)
  expect(release.notes).toBe('### Changed\n\n- A thing.')
  expect(JSON.parse(release.files['package.json'])).toEqual({ type: 'module', version: '0.10.0' })
  expect(JSON.parse(release.files['package-lock.json'])).toEqual({
    version: '0.10.0',
    packages: { '': { version: '0.10.0' } },
  })
  expect(release.files.Dockerfile).toContain('ARG VERSION=0.10.0\n')
  expect(release.files['CHANGELOG.md']).toContain(
    '\n## 0.10.0, 2026-02-03\n\n### Changed\n\n- A thing.\n',
  )
})

const REFUSED: readonly [
  what: string,
  version: string,
  changes: Partial<VersionedFiles>,
  said: RegExp,
][] = [
  ['a version of two numbers', '1.0', {}, /wanted three numbers/],
  ['a version with a v', 'v1.0.0', {}, /wanted three numbers/],
  ['the version that is out', '0.9.1', {}, /wanted one after 0\.9\.1/],
  ['a lower version, though its digits sort later', '0.9.0', {}, /wanted one after/],
  ['a version without a section', '0.11.0', {}, /found no section '## 0\.11\.0, not released'/],
  [
    'a section without notes',
    '0.10.0',
    { 'CHANGELOG.md': '## 0.10.0, not released\n\n## 0.9.1\n' },
    /no notes/,
  ],
  ['a Dockerfile without a version', '0.10.0', { Dockerfile: 'FROM x\n' }, /ARG VERSION/],
]

test.each(REFUSED)('%s is refused', (_, version, changes, said) => {
  const release = prepareRelease({ ...FILES, ...changes }, version, '2026-02-03')
  expect(release.ok ? '' : release.fault).toMatch(said)
})

const root = mkdtempSync(join(tmpdir(), 'tfe-release-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()

test('a release is a commit and a tag with notes; what is not committed or not on main stops it', () => {
  mkdirSync(join(root, 'scripts'))
  cpSync(join(import.meta.dirname, '../scripts/release.ts'), join(root, 'scripts/release.ts'))
  for (const path of VERSIONED) writeFileSync(join(root, path), FILES[path])
  git('init', '--quiet', '--initial-branch=main')
  git('config', 'user.name', 'Test')
  git('config', 'user.email', 'test@example.com')
  git('add', '.')
  git('commit', '--quiet', '--message', 'Before')
  const release = () =>
    spawnSync(process.execPath, [join(root, 'scripts/release.ts'), '0.10.0'], { encoding: 'utf8' })

  writeFileSync(join(root, 'new.txt'), '')
  expect(release().stderr).toContain('not committed')
  rmSync(join(root, 'new.txt'))
  git('switch', '--quiet', '--create', 'other')
  expect(release().stderr).toContain("found branch 'other', wanted main")
  git('switch', '--quiet', 'main')

  expect(release()).toMatchObject({ status: 0, stderr: '' })
  expect(git('status', '--porcelain')).toBe('')
  expect(git('log', '-1', '--format=%s')).toBe('Version 0.10.0')
  expect(git('tag', '--list', '--format=%(contents)', 'v0.10.0')).toBe(
    'Version 0.10.0\n\n### Changed\n\n- A thing.',
  )
  expect(readFileSync(join(root, 'package.json'), 'utf8')).toContain('0.10.0')
  expect(release().stderr).toContain('wanted one after 0.10.0')
})
