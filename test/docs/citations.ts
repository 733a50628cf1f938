/**
 * What comments and documents cite: decisions, requirements and paths. Finds each citation with its place, and says
 * which of them lead nowhere.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

/** A file of the project; `path` starts from its root. */
export interface Text {
  readonly path: string
  readonly text: string
}

/** Everything that may be cited. */
export interface Known {
  /** Files and folders, from the root, without a slash at the end. */
  readonly paths: ReadonlySet<string>
  readonly decisions: ReadonlySet<number>
  readonly requirements: ReadonlySet<string>
}

export const REQUIREMENTS = 'docs/requirements.md'
export const REQUIREMENT_ROW = /^\| (S\d-\d\d) +\|/gmu
export const DECISION_RECORD = /^docs\/decisions\/(\d{4})-[a-z0-9-]+\.md$/u

const FOLDERS = [
  '.ci',
  '.github',
  'config',
  'docker',
  'docs',
  'findings',
  'scripts',
  'src',
  'test',
] as const
const BESIDE = /^(?:\.gitignore|Dockerfile|[\w.-]+\.(?:cnf|json|md|ts))$/u
/** May be cited, and cites nothing that a person wrote. */
const LOCKFILE = 'package-lock.json'

/** Reads the project: its folders, and the files beside them. */
export function readTexts(root: string): readonly Text[] {
  const inside = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  const beside = readdirSync(root)
    .filter((name) => BESIDE.test(name) && name !== LOCKFILE)
    .map((name) => join(root, name))
  return [...inside, ...beside].map((file) => ({
    path: file.slice(root.length + 1).replaceAll('\\', '/'),
    text: readFileSync(file, 'utf8'),
  }))
}

/** What these texts offer: their own paths, those that git ignores, records of decisions, rows of requirements. */
export function knownIn(texts: readonly Text[]): Known {
  const textOf = (wanted: string): string => texts.find(({ path }) => path === wanted)?.text ?? ''
  const files = texts.map(({ path }) => path)
  // Such as node_modules/ and fuzz-failures/: there once a command has run.
  const ignored = [...textOf('.gitignore').matchAll(/^([\w-]+)\/$/gmu)]
  return {
    paths: new Set([
      ...files.flatMap((path) => [path, ...foldersAbove(path)]),
      LOCKFILE,
      ...ignored.map(([, folder = '']) => folder),
    ]),
    decisions: new Set(files.flatMap((path) => DECISION_RECORD.exec(path)?.[1] ?? []).map(Number)),
    requirements: new Set(
      [...textOf(REQUIREMENTS).matchAll(REQUIREMENT_ROW)].map(([, id = '']) => id),
    ),
  }
}

function foldersAbove(path: string): readonly string[] {
  const above = dirname(path)
  return above === '.' ? [] : [above, ...foldersAbove(above)]
}

/**
 * Decisions without a record and requirements without a row, as `path:line: id`. Of a range, such as `S2-13 to S2-17`,
 * both ends are looked up.
 */
export function unknownIds(texts: readonly Text[], known: Known): readonly string[] {
  return texts.flatMap(({ path, text }) => {
    const plain = withoutMarks(text)
    const decisions = [...plain.matchAll(DECISIONS)].flatMap(({ 0: words, index }) =>
      [...words.matchAll(/\d+/gu)]
        .filter(([number]) => !known.decisions.has(Number(number)))
        .map(([number]) => `${placeOf(path, plain, index)}: decision ${number}`),
    )
    const requirements = [...text.matchAll(/\bS\d-\d+\b/gu)]
      .filter(([id]) => !known.requirements.has(id))
      .map(({ 0: id, index }) => `${placeOf(path, text, index)}: ${id}`)
    return [...decisions, ...requirements]
  })
}

/** `decision 9`, `decisions 10 and 18`. */
const DECISIONS = /\bdecisions?\s+\d+(?:\s*(?:,|and|or|to|[-–…])\s*\d+)*/giu

/** Without the marks that begin the lines of a comment, so that a citation may run over the end of one. */
const withoutMarks = (text: string): string =>
  text.replace(/^[ \t]*(?:\*|\/\/|#) ?/gmu, (mark) => ' '.repeat(mark.length))

/** Paths that a comment or a document names and that are not there, as `path:line: path`. */
export function unknownPaths(texts: readonly Text[], { paths }: Known): readonly string[] {
  const isEnd = endsOf(paths)
  const found = texts.flatMap(({ path, text }) => {
    const prose = proseOf(path, text)
    const lookUps: readonly (readonly [RegExp, (cited: string) => boolean])[] = [
      [FROM_ROOT, (cited) => (cited.includes('*') ? isEnd(cited) : paths.has(cited))],
      [BY_ITS_END, isEnd],
      [FOLDER, isEnd],
      [LINK, (cited) => paths.has(posix.join(dirname(path), cited))],
    ]
    return lookUps.flatMap(([pattern, isThere]) =>
      [...prose.matchAll(pattern)]
        .map(({ 0: all, 1: part, index }) => ({ cited: withoutEnd(part ?? all), index }))
        .filter(({ cited }) => !isThere(cited))
        .map(({ cited, index }) => `${placeOf(path, prose, index)}: ${cited}`),
    )
  })
  return [...new Set(found)]
}

/** `src/accept/`, `config/*.yaml`: from the root of the project. */
const FROM_ROOT = /(?<![\w./:@=-])(?:src|test|docs|scripts|config|docker)\/[\w./*-]*/gu
/** `trust/limits.ts`, `limits.ts`: by the end of its path. Packages are not ours to look up. */
const BY_ITS_END =
  /(?<![\w./:@*-])(?!node_modules\/)(?:[\w*-][\w.*-]*\/)*[\w*][\w.*-]*\.(?:ts|mjs|md|json|svg)\b(?![\w-])/gu
/** A folder in backticks, such as `trust/`. */
const FOLDER = /`((?:[a-z][\w-]*\/)+)`/gu
/** The target of a link or a picture in Markdown, from the page that has it; other sites are not ours to look up. */
const LINK = /\]\((?![a-z]+:|#)([^)#\s]+)/gu

/** A full stop or a slash at the end belongs to the sentence. */
const withoutEnd = (cited: string): string => cited.replace(/[./]+$/u, '')

/** Whether a path ends with what is cited, part by part; `*` stands for anything within one part. */
function endsOf(paths: ReadonlySet<string>): (cited: string) => boolean {
  const ends = new Set([...paths].flatMap((path) => endsOfOne(path)))
  return (cited) => {
    if (!cited.includes('*')) return ends.has(cited)
    const pattern = new RegExp(`^${cited.split('*').map(literally).join('[^/]*')}$`, 'u')
    return [...ends].some((end) => pattern.test(end))
  }
}

const literally = (text: string): string => RegExp.escape(text)

const endsOfOne = (path: string): readonly string[] =>
  path.split('/').map((_, index, parts) => parts.slice(index).join('/'))

/** What people write for people, on its own line: the comments of a source, the whole of a page. */
function proseOf(path: string, text: string): string {
  if (path.endsWith('.md') || path === 'package.json') return text
  if (path.endsWith('.json')) return ''
  const comment = /\.(?:ts|mjs|c|java)$/u.test(path)
    ? /^\s*(?:\/\/|\/\*|\*)|\s\/\/\s/u
    : /^\s*#|\s#\s/u
  return text.replace(/^.*$/gmu, (line) => {
    const start = line.search(comment)
    return start < 0 ? '' : line.slice(start)
  })
}

const placeOf = (path: string, text: string, index: number): string =>
  `${path}:${text.slice(0, index).split('\n').length}`
