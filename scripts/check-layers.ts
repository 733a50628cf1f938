/**
 * Checks the structure of `src/`: which module may import which, that no files or sub-folders import each other in a
 * circle (types count), what pure modules may touch, and how many files a folder holds.
 * `npm run check:layers` runs it; test/layers.test.ts plants every kind of violation and sees it found.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import * as ast from 'typescript/unstable/ast'
import { circlesOf } from './layers/circles.ts'
import {
  COMPOSITION,
  EVERYWHERE,
  FOLDER_LIMIT,
  IMPURE,
  layerOf,
  LAYERS,
  MEDIAN_LIMIT,
  moduleOf,
  OUTBOUND,
  PURE,
  WHY,
} from './layers/map.ts'
import {
  isText,
  memberRead,
  readSources,
  type Source,
  specifierOf,
  walk,
} from './layers/program.ts'
import { randomNamesIn, impurityAt } from './layers/purity.ts'

export interface Structure {
  /** Each reads `path:line:column: found; why`. */
  readonly faults: readonly string[]
  /** What was counted, in one line. */
  readonly summary: string
}

/** Checks the folder `src` under `root` against the map; collects every fault. */
export function checkLayers(root: string): Structure {
  const paths = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort()
  const survey: Survey = {
    faults: [],
    homes: new Map(),
    imports: new Map(),
    lines: [],
    dependencies: dependenciesOf(root),
  }
  for (const path of paths) checkName(path, survey)
  const sources = paths.filter((path) => path.endsWith('.ts'))
  readSources(root, sources, (source) => checkSource(source, survey))
  checkHomes(survey)
  const circles = checkCircles(survey)
  const [folder, count] = checkFolders(paths, survey)
  const median = checkMedian(survey)
  const modules = new Set(paths.map(moduleOf))
  const layers = LAYERS.filter((layer) => layer.some((module) => modules.has(module)))
  return {
    faults: survey.faults,
    summary:
      `${layers.length} layers, ${modules.size} modules, ${paths.length} files, ${circles} circles, ` +
      `at most ${count} files in a folder (${folder}), median ${median} lines`,
  }
}

interface Survey {
  readonly faults: string[]
  readonly dependencies: ReadonlySet<string>
  /** Package name → module → the first file there that imports it. */
  readonly homes: Map<string, Map<string, string>>
  /** File → the files of ours that it imports. */
  readonly imports: Map<string, Set<string>>
  /** The length of each file. */
  readonly lines: number[]
}

type Report = (node: ast.Node, found: string, why: string) => void

function checkName(path: string, { faults }: Survey): void {
  const parts = path.replace(/\.ts$/, '').split('/')
  const collection = parts.find((part) => COLLECTIONS.has(part))
  const odd = parts.find((part) => !/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/.test(part))
  if (collection !== undefined) faults.push(`${path}:1:1: '${collection}'; ${WHY.collection}`)
  if (odd !== undefined) faults.push(`${path}:1:1: '${odd}'; ${WHY.name}`)
  if (parts.at(-1) === 'index') faults.push(`${path}:1:1: 'index.ts'; ${WHY.barrel}`)
  if (moduleOf(path) === undefined) {
    faults.push(`${path}:1:1: in no known module; ${WHY.unknownModule}`)
  }
}

const COLLECTIONS = new Set(
  'utils util helpers helper common shared services managers misc lib'.split(' '),
)

function checkSource(source: Source, survey: Survey): void {
  const { path, file } = source
  const module = moduleOf(path)
  if (module === undefined) return
  checkShape(source, survey)
  survey.imports.set(path, new Set())
  const report: Report = (node, found, why) => {
    const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file))
    survey.faults.push(`${path}:${line + 1}:${character + 1}: ${found}; ${why}`)
  }
  walk(file, (node) => {
    const specifier = specifierOf(node)
    if (specifier !== undefined) checkImport(specifier, { path, module, survey, report })
    const member = memberRead(node)
    if (member === 'authorized' || (member === 'authorizationError' && module !== OUTBOUND)) {
      report(node, `reads '${member}'`, WHY.authorized)
    }
    if (allowedIn(path, module) === undefined) return
    const impurity = impurityAt(node, source)
    if (impurity !== undefined) report(node, impurity, WHY.impure)
  })
}

/** The packages that a file may import; undefined where it need not be pure. */
const allowedIn = (path: string, module: string): readonly string[] | undefined =>
  IMPURE.has(path) ? undefined : PURE[module]

function checkShape({ path, file }: Source, { faults, lines }: Survey): void {
  lines.push(file.text.replace(/\n$/, '').split('\n').length)
  const passesOn = (statement: ast.Statement): boolean =>
    ast.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined
  if (file.statements.length > 0 && file.statements.every(passesOn)) {
    faults.push(`${path}:1:1: nothing but re-exports; ${WHY.barrel}`)
  }
}

interface Importer {
  readonly path: string
  readonly module: string
  readonly survey: Survey
  readonly report: Report
}

function checkImport(specifier: ast.Node, importer: Importer): void {
  const { path, module, survey, report } = importer
  if (!isText(specifier)) return report(specifier, 'a computed import', WHY.unstated)
  const target = specifier.text
  if (target.startsWith('.')) return checkNeighbour(specifier, target, importer)
  const allowed = allowedIn(path, module)
  if (allowed !== undefined && !allowed.includes(target)) {
    return report(specifier, `${module} imports '${target}'`, WHY.impure)
  }
  if (allowed !== undefined && target === 'node:crypto') {
    for (const name of randomNamesIn(specifier.parent)) report(specifier, name, WHY.impure)
  }
  if (target.startsWith('node:')) return
  const name = target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
  if (!survey.dependencies.has(name)) return report(specifier, `'${name}'`, WHY.undeclared)
  if (module === COMPOSITION) return
  const modules = survey.homes.get(name) ?? new Map<string, string>()
  survey.homes.set(name, modules.set(module, modules.get(module) ?? path))
}

function checkNeighbour(
  node: ast.Node,
  target: string,
  { path, module, survey, report }: Importer,
): void {
  const there = posix.join(posix.dirname(path), target)
  if (!there.startsWith('src/')) return report(node, `'${target}' leaves src/`, WHY.outside)
  const other = moduleOf(there)
  if (other === undefined) {
    return report(node, `'${target}' is in no module`, WHY.unknownModule)
  }
  survey.imports.get(path)?.add(there)
  if (other === module || layerOf(other) < layerOf(module)) return
  const found = `${module} (layer ${layerOf(module)}) imports ${other} (layer ${layerOf(other)})`
  report(node, found, layerOf(other) === layerOf(module) ? WHY.sameLayer : WHY.upward)
}

function checkHomes({ homes, faults }: Survey): void {
  for (const [name, modules] of homes) {
    if (modules.size === 1 || EVERYWHERE.has(name)) continue
    faults.push(`${[...modules.values()].join(', ')}: all import '${name}'; ${WHY.twoHomes}`)
  }
}

/** Counts the circles, of files and of the sub-folders of each module. */
function checkCircles({ imports, faults }: Survey): number {
  const files = circlesOf(imports)
  for (const circle of files) faults.push(`${circle[0]}:1:1: ${circle.join(' ↔ ')}; ${WHY.circle}`)
  const folders = circlesOf(subFolders(imports))
  for (const circle of folders) {
    faults.push(`${circle[0]}:1:1: ${circle.join(' ↔ ')}; ${WHY.subCircle}`)
  }
  return files.length + folders.length
}

/** Which sub-folder of a module imports which other; files beside the sub-folders may import and be imported freely. */
function subFolders(imports: Survey['imports']): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>()
  for (const [path, targets] of imports) {
    const from = subFolderOf(path)
    for (const to of [...targets].map(subFolderOf)) {
      if (from === undefined || to === undefined || from === to) continue
      graph.set(from, (graph.get(from) ?? new Set()).add(to))
    }
  }
  return graph
}

/** `src/store/devices/device.ts` → `src/store/devices`; nothing for a file directly in its module. */
function subFolderOf(path: string): string | undefined {
  const parts = path.split('/')
  return parts.length < 4 ? undefined : parts.slice(0, 3).join('/')
}

/** The fullest folder and how many files it holds. */
function checkFolders(paths: readonly string[], { faults }: Survey): readonly [string, number] {
  const folders = Map.groupBy(paths, (path) => posix.dirname(path))
  const sizes = [...folders].map(([folder, files]) => [folder, files.length] as const)
  for (const [folder, size] of sizes) {
    if (size > FOLDER_LIMIT) faults.push(`${folder}:1:1: ${size} files; ${WHY.crowded}`)
  }
  return sizes.toSorted(([, a], [, b]) => b - a)[0] ?? ['src', 0]
}

function checkMedian({ lines, faults }: Survey): number {
  const median = lines.toSorted((a, b) => a - b)[Math.floor(lines.length / 2)] ?? 0
  if (median > MEDIAN_LIMIT) faults.push(`src:1:1: median ${median} lines; ${WHY.long}`)
  return median
}

function dependenciesOf(root: string): ReadonlySet<string> {
  const text = readFileSync(join(root, 'package.json'), 'utf8')
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> }
  return new Set(Object.keys(dependencies))
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { faults, summary } = checkLayers(dirname(dirname(fileURLToPath(import.meta.url))))
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
  else console.log(summary)
}
