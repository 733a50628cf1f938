/**
 * Mutant schemata: a source with all its mutants in it at once, each behind a switch that is asked at run time, so
 * that the tests are loaded once and not once per mutant.
 */
import * as ast from 'typescript/unstable/ast'
import type { Checker } from 'typescript/unstable/sync'
import { editsOf, type Edit } from './mutators.ts'

/** One mutant, as a person finds it again after lines have moved. */
export interface Mutant {
  readonly id: number
  readonly file: string
  readonly line: number
  /** The innermost named function, class or constant around it. */
  readonly within: string
  /** The line it is in, trimmed. */
  readonly code: string
  /** What was there → what is there. */
  readonly change: string
}

/** A source with its mutants. */
export interface Instrumented {
  readonly source: string
  readonly mutants: readonly Mutant[]
}

/** Instruments one file; numbers go up from `firstId`. */
export function instrument(
  path: string,
  { file, checker }: { readonly file: ast.SourceFile; readonly checker: Checker },
  firstId: number,
): Instrumented {
  const slide = { file, checker, keepsTexts: /\/explain[^/]*\.ts$/u.test(path) }
  const byHost = new Map<ast.Node, { readonly id: number; readonly text: string }[]>()
  const mutants: Mutant[] = []
  const plant = (host: ast.Node, { node, text, label }: Edit): void => {
    const id = firstId + mutants.length
    const whole =
      file.text.slice(host.getStart(file), node.getStart(file)) +
      text +
      file.text.slice(node.end, host.end)
    byHost.set(host, [...(byHost.get(host) ?? []), { id, text: whole }])
    const place = placeOf(node, text, file)
    mutants.push({ id, file: path, ...place, ...(label === undefined ? {} : { change: label }) })
  }
  visit(file, (node) => {
    for (const edit of editsOf(node, slide)) plant(hostOf(edit.node), edit)
    if (isRemovable(node)) plant(node, { node, text: '' })
  })
  return { source: PRELUDE + print(file, file, byHost), mutants }
}

// On the first line, so that every line keeps its number.
const PRELUDE = 'const __m = globalThis.tfeMutation.is, __l = globalThis.tfeMutation.loop; '

/** Types and imports hold nothing that runs. */
function visit(node: ast.Node, see: (node: ast.Node) => void): void {
  if (isSilent(node)) return
  see(node)
  node.forEachChild((child) => visit(child, see))
}

const isSilent = (node: ast.Node): boolean =>
  ast.isTypeNode(node) ||
  ast.isInterfaceDeclaration(node) ||
  ast.isTypeAliasDeclaration(node) ||
  ast.isImportDeclaration(node) ||
  ast.isExportDeclaration(node)

/** Statements that may go; a last `return` may not, and an `if` that holds nothing else goes with its condition. */
function isRemovable(node: ast.Node): boolean {
  if (ast.isExpressionStatement(node)) return !isOnlyBranch(node)
  const isJump =
    ast.isBreakStatement(node) || ast.isContinueStatement(node) || ast.isReturnStatement(node)
  return (
    isJump &&
    !isOnlyBranch(node) &&
    ast.isBlock(node.parent) &&
    ast.isIfStatement(node.parent.parent)
  )
}

function isOnlyBranch({ parent }: ast.Node): boolean {
  if (ast.isIfStatement(parent)) return parent.elseStatement === undefined
  return (
    ast.isBlock(parent) &&
    parent.statements.length === 1 &&
    ast.isIfStatement(parent.parent) &&
    parent.parent.elseStatement === undefined
  )
}

/** The nearest expression around that may be put in brackets without changing what it means. */
function hostOf(node: ast.Node): ast.Node {
  let host = node
  while (!mayStandInBrackets(host)) host = host.parent
  return host
}

function mayStandInBrackets(node: ast.Node): boolean {
  const { parent } = node
  if (!ast.isExpression(node) || ast.isSpreadElement(node)) return false
  // `a.b()` would lose its `this`, `a?.b.c` would no longer end early.
  const isLink =
    ast.isPropertyAccessExpression(parent) ||
    ast.isElementAccessExpression(parent) ||
    ast.isCallExpression(parent)
  if (isLink && parent.expression === node) return !isChain(node)
  if (ast.isPostfixUnaryExpression(parent) || ast.isPrefixUnaryExpression(parent)) {
    return !UPDATES.has(parent.operator)
  }
  return !(ast.isBinaryExpression(parent) && parent.left === node && isAssignment(parent))
}

const isChain = (node: ast.Node): boolean =>
  ast.isPropertyAccessExpression(node) ||
  ast.isElementAccessExpression(node) ||
  ast.isCallExpression(node)

const UPDATES: ReadonlySet<number> = new Set([
  ast.SyntaxKind.PlusPlusToken,
  ast.SyntaxKind.MinusMinusToken,
])

const isAssignment = ({ operatorToken: { kind } }: ast.BinaryExpression): boolean =>
  kind >= ast.SyntaxKind.FirstAssignment && kind <= ast.SyntaxKind.LastAssignment

type Planted = ReadonlyMap<ast.Node, readonly { readonly id: number; readonly text: string }[]>

/** The text of a node with everything planted in it. */
function print(node: ast.Node, file: ast.SourceFile, planted: Planted): string {
  const start = ast.isSourceFile(node) ? 0 : node.getStart(file)
  if (isSilent(node)) return file.text.slice(start, node.end)
  let text = ''
  let from = start
  node.forEachChild((child) => {
    const begin = child.getStart(file)
    if (begin < from) return
    text += file.text.slice(from, begin) + print(child, file, planted)
    from = child.end
  })
  text += file.text.slice(from, node.end)
  if (ast.isStatement(node) && isLoopBody(node)) text = `{__l();${text}\n}`
  return switched(node, text, planted.get(node) ?? [])
}

function switched(
  node: ast.Node,
  text: string,
  mutants: readonly { readonly id: number; readonly text: string }[],
): string {
  if (mutants.length === 0) return ast.isExpressionStatement(node) ? `{;${text}\n}` : text
  if (ast.isExpression(node)) {
    const choices = mutants.map(({ id, text: mutant }) => `__m(${id})?(${mutant}):`)
    return `(${choices.join('')}(${text}))`
  }
  const [{ id } = { id: 0 }] = mutants
  return `{if(!__m(${id})){;${text}\n}}`
}

const isLoopBody = (node: ast.Statement): boolean => {
  const { parent } = node
  const isLoop =
    ast.isForStatement(parent) || ast.isForOfStatement(parent) || ast.isWhileStatement(parent)
  return isLoop && parent.statement === node
}

function placeOf(node: ast.Node, text: string, file: ast.SourceFile): Omit<Mutant, 'id' | 'file'> {
  const start = node.getStart(file)
  const before = file.text.slice(0, start)
  const lineStart = before.lastIndexOf('\n') + 1
  const lineEnd = file.text.indexOf('\n', start)
  return {
    line: before.split('\n').length,
    within: nameAround(node),
    code: file.text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).trim(),
    change: `${oneLine(file.text.slice(start, node.end))} → ${oneLine(text) || 'nothing'}`,
  }
}

/** On one line, and not all of what is long: the end says as much as the beginning. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/gu, ' ')
  return line.length <= 100 ? line : `${line.slice(0, 60)} … ${line.slice(-39)}`
}

function nameAround(node: ast.Node): string {
  for (let one = node.parent; !ast.isSourceFile(one); one = one.parent) {
    const name = nameOf(one)
    if (name !== undefined && ast.isIdentifier(name)) return name.text
  }
  return 'the file'
}

function nameOf(node: ast.Node): ast.Node | undefined {
  if (ast.isVariableDeclaration(node)) {
    return ast.isSourceFile(node.parent.parent.parent) ? node.name : undefined
  }
  const isNamed =
    ast.isFunctionDeclaration(node) ||
    ast.isMethodDeclaration(node) ||
    ast.isGetAccessorDeclaration(node) ||
    ast.isClassDeclaration(node)
  return isNamed ? node.name : undefined
}
