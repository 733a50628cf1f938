/**
 * YAML text to plain data, with a way back from every value to its line and column. Aliases are refused (a
 * few lines of them can stand for gigabytes), duplicate keys and custom tags too: what people read must be
 * what we read.
 */
import {
  type Document as YamlDocument,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  visit,
  type YAMLError,
} from 'yaml'
import type { Fault } from '../../kernel/types.ts'

/** The way from the top of the file to a value. */
export type Path = readonly (string | number)[]

/** Something wrong, with what is needed to put it in order of appearance. */
export interface LocatedFault extends Fault {
  readonly path: Path
  readonly offset: number
}

/** A file that could be read as YAML, perhaps with faults. */
export interface YamlText {
  readonly data: unknown
  readonly faults: readonly LocatedFault[]
  /** Values that stand for something we refused; nothing more is to be said about them. */
  readonly rejected: readonly Path[]
  /** A fault at the value, or at its key, or at the nearest thing above that exists. */
  faultAt(path: Path, message: string, which?: 'key' | 'value'): LocatedFault
  /** Whether the operator wrote this, as opposed to a default. */
  has(path: Path): boolean
}

/** A fault at a place in the text that is known already. */
type FaultAtOffset = (offset: number, path: Path, message: string) => LocatedFault

/** Reads YAML; when the text cannot be read at all, `data` is undefined and the faults say why. */
export function parseYaml(source: string, file: string): YamlText {
  const lines = new LineCounter()
  const yaml = parseDocument(source, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  })
  const at = (offset: number, path: Path): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}${path.length === 0 ? '' : ` ${pathText(path)}`}`
  }
  const faultAtOffset: FaultAtOffset = (offset, path, message) => ({
    at: at(offset, path),
    message,
    path,
    offset,
  })
  const faultAt: YamlText['faultAt'] = (path, message, which = 'value') =>
    faultAtOffset(offsetOf(yaml, path, which), path, message)
  const has: YamlText['has'] = (path) => yaml.hasIn(path)
  const syntax = [...yaml.errors, ...yaml.warnings]
  if (syntax.length > 0) {
    const faults = syntax
      // The parser may say several things about one place; the first is the cause.
      .filter((error, index) => syntax.findIndex(({ pos }) => pos[0] === error.pos[0]) === index)
      .map((error) => {
        const offset = errorOffset(yaml, error)
        return faultAtOffset(offset, [], yamlErrorText(error))
      })
    return { data: undefined, faults, rejected: [], faultAt, has }
  }
  const rejected: Path[] = []
  const faults = [
    ...nonScalarKeys(yaml, faultAtOffset, rejected),
    ...duplicates(yaml, lines, faultAtOffset),
    ...aliases(yaml, faultAt, rejected),
  ]
  return { data: yaml.toJS({ maxAliasCount: 0 }), faults, rejected, faultAt, has }
}

/** `listeners.devices.certificates[0].chain` */
export const pathText = (path: Path): string =>
  path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join('')

function offsetOf(yaml: YamlDocument, path: Path, which: 'key' | 'value'): number {
  let node: unknown = yaml.contents
  let offset = nodeOffset(node) ?? 0
  for (const [index, step] of path.entries()) {
    const next = stepInto(node, step)
    if (next === undefined) return offset
    const last = index === path.length - 1
    const pointsAtValue = isAlias(next.value) || (isScalar(next.value) && next.value.value !== null)
    // A block mapping starts on the line below its key; people look for the key.
    const target = (last && which === 'value' && pointsAtValue) || next.key === undefined
    offset = nodeOffset(target ? next.value : next.key) ?? offset
    node = next.value
  }
  return offset
}

function stepInto(
  node: unknown,
  step: string | number,
): { readonly key: unknown; readonly value: unknown } | undefined {
  if (isSeq(node)) {
    const value: unknown = node.items[Number(step)]
    return value === undefined ? undefined : { key: undefined, value }
  }
  if (!isMap(node)) return undefined
  // The last of several, as in the data that came of it.
  const pair = node.items.findLast(({ key }) => keyText(key) === String(step))
  return pair === undefined ? undefined : { key: pair.key, value: pair.value }
}

const keyText = (key: unknown): string => String(isScalar(key) ? key.value : key)

const nodeOffset = (node: unknown): number | undefined =>
  isNode(node) ? (node.range?.[0] ?? undefined) : undefined

/** YAML lets a whole mapping be a key; no reader of a configuration expects that. */
function nonScalarKeys(
  yaml: YamlDocument,
  faultAtOffset: FaultAtOffset,
  rejected: Path[],
): readonly LocatedFault[] {
  const faults: LocatedFault[] = []
  visit(yaml, {
    Pair(_, pair, ancestors) {
      if (isScalar(pair.key)) return
      const offset = nodeOffset(pair.key) ?? 0
      pair.key = new Scalar(`key ${rejected.length + 1}`)
      const path = [...pathOf(ancestors, pair), keyText(pair.key)]
      const message = 'found a mapping, list or alias as a key, wanted a word: correct it'
      faults.push(faultAtOffset(offset, path.slice(0, -1), message))
      rejected.push(path)
    },
  })
  return faults
}

function duplicates(
  yaml: YamlDocument,
  lines: LineCounter,
  faultAtOffset: FaultAtOffset,
): readonly LocatedFault[] {
  const faults: LocatedFault[] = []
  visit(yaml, {
    Map(_, map, ancestors) {
      const seen = new Map<string, number>()
      for (const { key } of map.items) {
        const name = keyText(key)
        const first = seen.get(name)
        const offset = nodeOffset(key) ?? 0
        if (first === undefined) seen.set(name, offset)
        else {
          const message = `found the key ${name} a second time, wanted it once: remove one (the first is in line ${lines.linePos(first).line})`
          faults.push(faultAtOffset(offset, [...pathOf(ancestors, map), name], message))
        }
      }
    },
  })
  return faults
}

function aliases(
  yaml: YamlDocument,
  faultAt: YamlText['faultAt'],
  rejected: Path[],
): readonly LocatedFault[] {
  const found: Path[] = []
  visit(yaml, {
    Alias(_, alias, ancestors) {
      found.push(pathOf(ancestors, alias))
    },
  })
  const faults = found.map((path) =>
    faultAt(path, 'found an alias (*), wanted the value itself: repeat it here'),
  )
  visit(yaml, { Alias: () => new Scalar(null) })
  rejected.push(...found)
  return faults
}

/** The way to a node, from the ancestors that `visit` hands out. */
function pathOf(ancestors: readonly unknown[], self: unknown): Path {
  const chain = [...ancestors, self]
  const path: (string | number)[] = []
  for (const [index, node] of chain.entries()) {
    const child = chain[index + 1]
    if (isPair(node) && child !== undefined) path.push(keyText(node.key))
    else if (isSeq(node) && child !== undefined) path.push(node.items.indexOf(child))
  }
  return path
}

/** Where a person should look: for a quote without end where it begins, which may be hundreds of lines up. */
function errorOffset(yaml: YamlDocument, { code, pos }: YAMLError): number {
  let offset = pos[0]
  if (code !== 'MISSING_CHAR') return offset
  visit(yaml, {
    Scalar(_, scalar) {
      const isQuoted = scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE'
      if (isQuoted && scalar.range?.[1] === pos[0]) offset = scalar.range[0]
    },
  })
  return offset
}

function yamlErrorText({ code, message }: YAMLError): string {
  return (
    YAML_ERROR_TEXT[code] ??
    `found text that is not YAML (${withoutQuotedText(message)}), wanted YAML 1.2: correct it`
  )
}

/** The parser's words before any piece of the file that it quotes: it might quote a secret. */
const withoutQuotedText = (message: string): string =>
  (/^[A-Za-z ,-]+/.exec(message)?.[0] ?? 'unreadable').trim().toLowerCase()

const YAML_ERROR_TEXT: Readonly<Record<string, string>> = {
  BAD_INDENT:
    'found a line that is indented less or more than it should be, or a bracket left open above it, wanted the same number of spaces as its neighbours: align it',
  BLOCK_AS_IMPLICIT_KEY:
    'found a second colon inside one value, wanted key: value on each line: align the line with its neighbours, or put the value in quotes',
  MISSING_CHAR: 'found a value without end, wanted its closing mark: close the quote or bracket',
  RESOURCE_EXHAUSTION:
    'found brackets or dashes nested without end, wanted at most ten levels: correct it',
  MULTIPLE_DOCS: 'found a second document (---), wanted one: join them or remove one',
  MULTILINE_IMPLICIT_KEY:
    'found text of several lines without a colon, wanted key: value on each line: add the colon, or indent the continuation',
  TAB_AS_INDENT: 'found a tab at the beginning of a line, wanted spaces: replace it',
  TAG_RESOLVE_FAILED:
    'found a tag (!), wanted plain values: remove the tag, or put the text in quotes',
  UNEXPECTED_TOKEN: 'found something after the end of a value, wanted a new line: correct it',
}
