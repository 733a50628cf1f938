/**
 * Makes a release of what `main` holds: writes the version and the date into package.json, package-lock.json, the
 * Dockerfile and CHANGELOG.md, commits that, and tags it with the notes of the changelog. It pushes nothing.
 *   npm run release -- 0.2.0
 *   npm run release -- 0.2.0 --notes     prints the notes and changes nothing
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** Texts of the files that hold a version, by their paths. */
export type VersionedFiles = Readonly<Record<(typeof VERSIONED)[number], string>>

export const VERSIONED = [
  'package.json',
  'package-lock.json',
  'Dockerfile',
  'CHANGELOG.md',
] as const

/** Either what to write and to say, or why there is no release. */
export type Release =
  | { readonly ok: true; readonly files: VersionedFiles; readonly notes: string }
  | { readonly ok: false; readonly fault: string }

/** Prepares release `version` of the day `day` (YYYY-MM-DD). */
export function prepareRelease(files: VersionedFiles, version: string, day: string): Release {
  const [wanted, now] = [numbersOf(version), numbersOf(versionOf(files['package.json']))]
  if (wanted === undefined || now === undefined) {
    return fault(`found version '${version}', wanted three numbers, as in 0.2.0`)
  }
  if (compare(wanted, now) <= 0) {
    return fault(`found version ${version}, wanted one after ${now.join('.')}: choose a higher one`)
  }
  const heading = `## ${version}, not released\n`
  const changelog = files['CHANGELOG.md']
  const [before, section, ...more] = changelog.split(heading)
  if (before === undefined || section === undefined || more.length > 0) {
    return fault(
      `found no section '${heading.trim()}' in CHANGELOG.md, wanted one: write what an operator has to know`,
    )
  }
  const notes = section.split(/^## /m)[0]?.trim() ?? ''
  if (notes === '') return fault(`found no notes for ${version} in CHANGELOG.md, wanted some`)
  const dockerfile = files['Dockerfile'].replace(/^ARG VERSION=.*$/m, `ARG VERSION=${version}`)
  if (!dockerfile.includes(`ARG VERSION=${version}\n`)) {
    return fault(
      'found no `ARG VERSION` in the Dockerfile, wanted one: the labels of the image use it',
    )
  }
  return {
    ok: true,
    notes,
    files: {
      'package.json': withVersion(files['package.json'], version),
      'package-lock.json': withVersion(files['package-lock.json'], version),
      Dockerfile: dockerfile,
      'CHANGELOG.md': `${before}## ${version}, ${day}\n${section}`,
    },
  }
}

const fault = (text: string): Release => ({ ok: false, fault: text })

const numbersOf = (version: string): readonly number[] | undefined =>
  /^\d{1,6}\.\d{1,6}\.\d{1,6}$/.test(version) ? version.split('.').map(Number) : undefined

function compare(one: readonly number[], other: readonly number[]): number {
  const differing = one.findIndex((part, index) => part !== other[index])
  return differing === -1 ? 0 : (one[differing] ?? 0) - (other[differing] ?? 0)
}

const versionOf = (manifest: string): string =>
  (JSON.parse(manifest) as { readonly version: string }).version

/** The manifest with another version, also where a lockfile repeats it for its root package. */
function withVersion(manifest: string, version: string): string {
  const parsed = JSON.parse(manifest) as {
    version: string
    packages?: Record<string, { version?: string }>
  }
  parsed.version = version
  const root = parsed.packages?.['']
  if (root !== undefined) root.version = version
  return `${JSON.stringify(parsed, null, 2)}\n`
}

function run(): number {
  const { values, positionals } = parseArgs({
    options: { notes: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const [version = '', ...more] = positionals
  if (more.length > 0) return complain(`found '${more.join(' ')}' after the version`)
  const root = join(import.meta.dirname, '..')
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const read = (path: string): string => readFileSync(join(root, path), 'utf8')
  const release = prepareRelease(
    {
      'package.json': read('package.json'),
      'package-lock.json': read('package-lock.json'),
      Dockerfile: read('Dockerfile'),
      'CHANGELOG.md': read('CHANGELOG.md'),
    },
    version,
    new Date().toISOString().slice(0, 10),
  )
  if (!release.ok) return complain(release.fault)
  if (values.notes) {
    console.log(release.notes)
    return 0
  }
  if (git('status', '--porcelain') !== '') {
    return complain('found changes that are not committed, wanted none: commit or undo them')
  }
  const branch = git('branch', '--show-current')
  if (branch !== 'main') return complain(`found branch '${branch}', wanted main: switch to it`)
  if (git('tag', '--list', `v${version}`) !== '') {
    return complain(`found a tag v${version}, wanted none: choose a higher version`)
  }
  for (const path of VERSIONED) writeFileSync(join(root, path), release.files[path])
  git('commit', '--quiet', '--message', `Version ${version}`, '--', ...VERSIONED)
  // Without `whitespace` git takes the headings of the notes for comments.
  git(
    'tag',
    '--annotate',
    '--cleanup=whitespace',
    `v${version}`,
    '--message',
    `Version ${version}\n\n${release.notes}`,
  )
  console.log(`v${version} is tagged. Look at it, then:`)
  console.log(`  git show v${version}`)
  console.log(`  git push --follow-tags`)
  console.log(
    `  docker build --build-arg REVISION=${git('rev-parse', 'HEAD')} -t trusted-front-end:${version} .`,
  )
  return 0
}

function complain(text: string): number {
  console.error(`${text}\nusage: npm run release -- VERSION [--notes]`)
  return 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = run()
