/**
 * Guards the house: who may import whom, what the pure floors may touch, how large a file may grow.
 * `npm run check:floors` runs it; test/floors.test.ts plants every kind of violation and sees it fall.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import * as ast from 'typescript/unstable/ast'
import {
  EVERYWHERE,
  FLOORS,
  floorOf,
  LINE_WALL,
  OUTBOUND,
  PURE,
  ROOT,
  roomOf,
  WHY,
} from './floors/map.ts'
import {
  isText,
  memberRead,
  readSources,
  type Source,
  specifierOf,
  walk,
} from './floors/program.ts'
import { diceIn, impurityAt } from './floors/purity.ts'

export interface House {
  /** Each reads `path:line:column: found; why`. */
  readonly faults: readonly string[]
  /** What stands, in one line. */
  readonly picture: string
}

/** Checks the folder `src` under `root` against the map; collects every fault. */
export function checkFloors(root: string): House {
  const paths = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort()
  const survey: Survey = { faults: [], homes: new Map(), dependencies: dependenciesOf(root) }
  for (const path of paths) checkName(path, survey)
  const sources = paths.filter((path) => path.endsWith('.ts'))
  readSources(root, sources, (source) => checkSource(source, survey))
  checkHomes(survey)
  const rooms = new Set(paths.map(roomOf))
  const floors = FLOORS.filter((floor) => floor.some((room) => rooms.has(room)))
  return {
    faults: survey.faults,
    picture: `${floors.length} floors, ${rooms.size} rooms, ${paths.length} files, no import looks up`,
  }
}

interface Survey {
  readonly faults: string[]
  readonly dependencies: ReadonlySet<string>
  /** Package name → room → the first file there that imports it. */
  readonly homes: Map<string, Map<string, string>>
}

type Report = (node: ast.Node, found: string, why: string) => void

function checkName(path: string, { faults }: Survey): void {
  const parts = path.replace(/\.ts$/, '').split('/')
  const drawer = parts.find((part) => DRAWERS.has(part))
  const odd = parts.find((part) => !/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/.test(part))
  if (drawer !== undefined) faults.push(`${path}:1:1: '${drawer}'; ${WHY.drawer}`)
  if (odd !== undefined) faults.push(`${path}:1:1: '${odd}'; ${WHY.name}`)
  if (parts.at(-1) === 'index') faults.push(`${path}:1:1: 'index.ts'; ${WHY.barrel}`)
  if (roomOf(path) === undefined) faults.push(`${path}:1:1: in no known room; ${WHY.unknownRoom}`)
}

const DRAWERS = new Set(
  'utils util helpers helper common shared services managers misc lib'.split(' '),
)

function checkSource(source: Source, survey: Survey): void {
  const { path, file } = source
  const room = roomOf(path)
  if (room === undefined) return
  checkShape(source, survey)
  const report: Report = (node, found, why) => {
    const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file))
    survey.faults.push(`${path}:${line + 1}:${character + 1}: ${found}; ${why}`)
  }
  walk(file, (node) => {
    const specifier = specifierOf(node)
    if (specifier !== undefined) checkImport(specifier, { path, room, survey, report })
    const member = memberRead(node)
    if (member === 'authorized' || (member === 'authorizationError' && room !== OUTBOUND)) {
      report(node, `reads '${member}'`, WHY.authorized)
    }
    if (PURE[room] === undefined) return
    const impurity = impurityAt(node, source)
    if (impurity !== undefined) report(node, impurity, WHY.impure)
  })
}

function checkShape({ path, file }: Source, { faults }: Survey): void {
  const lines = file.text.replace(/\n$/, '').split('\n').length
  if (lines > LINE_WALL) faults.push(`${path}:${LINE_WALL + 1}:1: ${lines} lines; ${WHY.tooLong}`)
  const passesOn = (statement: ast.Statement): boolean =>
    ast.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined
  if (file.statements.length > 0 && file.statements.every(passesOn)) {
    faults.push(`${path}:1:1: nothing but re-exports; ${WHY.barrel}`)
  }
}

interface Importer {
  readonly path: string
  readonly room: string
  readonly survey: Survey
  readonly report: Report
}

function checkImport(specifier: ast.Node, importer: Importer): void {
  const { path, room, survey, report } = importer
  if (!isText(specifier)) return report(specifier, 'a computed import', WHY.unstated)
  const target = specifier.text
  if (target.startsWith('.')) return checkNeighbour(specifier, target, importer)
  const allowed = PURE[room]
  if (allowed !== undefined && !allowed.includes(target)) {
    return report(specifier, `${room} imports '${target}'`, WHY.impure)
  }
  if (allowed !== undefined && target === 'node:crypto') {
    for (const dice of diceIn(specifier.parent)) report(specifier, dice, WHY.impure)
  }
  if (target.startsWith('node:')) return
  const name = target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
  if (!survey.dependencies.has(name)) return report(specifier, `'${name}'`, WHY.undeclared)
  if (room === ROOT) return
  const rooms = survey.homes.get(name) ?? new Map<string, string>()
  survey.homes.set(name, rooms.set(room, rooms.get(room) ?? path))
}

function checkNeighbour(node: ast.Node, target: string, { path, room, report }: Importer): void {
  const there = posix.join(posix.dirname(path), target)
  if (!there.startsWith('src/')) return report(node, `'${target}' leaves src/`, WHY.outside)
  const other = roomOf(there)
  if (other === undefined) return report(node, `'${target}' is in no room`, WHY.unknownRoom)
  if (other === room || floorOf(other) < floorOf(room)) return
  const found = `${room} (floor ${floorOf(room)}) imports ${other} (floor ${floorOf(other)})`
  report(node, found, floorOf(other) === floorOf(room) ? WHY.sibling : WHY.upward)
}

function checkHomes({ homes, faults }: Survey): void {
  for (const [name, rooms] of homes) {
    if (rooms.size === 1 || EVERYWHERE.has(name)) continue
    faults.push(`${[...rooms.values()].join(', ')}: all import '${name}'; ${WHY.twoHomes}`)
  }
}

function dependenciesOf(root: string): ReadonlySet<string> {
  const text = readFileSync(join(root, 'package.json'), 'utf8')
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> }
  return new Set(Object.keys(dependencies))
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { faults, picture } = checkFloors(dirname(dirname(fileURLToPath(import.meta.url))))
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
  else console.log(picture)
}
