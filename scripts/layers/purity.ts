/**
 * Finds what pure modules may not touch: clock, chance, environment, network, disk, log.
 */
import * as ast from 'typescript/unstable/ast'
import { isLabel, type Source } from './program.ts'

/** What global this node uses, if any; call it for every node of a pure module. */
export function impurityAt(node: ast.Node, { checker }: Source): string | undefined {
  if (ast.isMetaProperty(node)) return 'import.meta'
  if (!ast.isIdentifier(node) || isLabel(node)) return undefined
  const reach = reachOf(node)
  if (reach === undefined) return undefined
  // A parameter or constant of ours may bear the same name: only what the file does not declare is a global.
  const symbol = ast.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : checker.getSymbolAtLocation(node)
  return symbol === undefined || symbol.declarations.length === 0 ? reach : undefined
}

/** The names of node:crypto that an import takes and that are random; the whole module counts as one. */
export function randomNamesIn(node: ast.Node): readonly string[] {
  const clause = ast.isImportDeclaration(node) ? node.importClause : undefined
  const bindings = clause?.namedBindings
  if (clause?.name !== undefined || bindings === undefined || !ast.isNamedImports(bindings)) {
    return ['node:crypto imported whole']
  }
  return bindings.elements
    .map(({ name, propertyName }) => (propertyName ?? name).text)
    .filter((imported) => RANDOM.test(imported))
    .map((imported) => `node:crypto ${imported}`)
}

// node:crypto holds arithmetic and random functions; only the arithmetic is pure.
const RANDOM = /^(?:random|generate|getRandomValues|webcrypto|subtle|default$|prng|pseudoRandom)/

/** What an identifier would use, were it the global of that name. */
function reachOf(node: ast.Identifier): string | undefined {
  if (GLOBALS.has(node.text)) return node.text
  const { parent } = node
  const member = ast.isPropertyAccessExpression(parent) ? parent.name.text : undefined
  if (node.text === 'Math')
    return member === undefined || member === 'random' ? 'Math.random' : undefined
  if (node.text === 'Date')
    return isDateOfSomething(parent, member) ? undefined : 'the clock of Date'
  return undefined
}

/** `new Date(instant)`, `Date.parse(text)`, `Date.UTC(…)` and `instanceof Date` ask no clock. */
function isDateOfSomething(parent: ast.Node, member: string | undefined): boolean {
  if (member !== undefined) return member === 'parse' || member === 'UTC'
  if (ast.isBinaryExpression(parent)) {
    return parent.operatorToken.kind === ast.SyntaxKind.InstanceOfKeyword
  }
  const first = ast.isNewExpression(parent) ? parent.arguments?.[0] : undefined
  return first !== undefined && !ast.isSpreadElement(first)
}

const GLOBALS = new Set(
  [
    'performance Temporal',
    'crypto',
    'process navigator localStorage sessionStorage globalThis global self',
    'fetch WebSocket EventSource XMLHttpRequest BroadcastChannel MessageChannel',
    'console',
    'setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask',
    'require module eval Function WeakRef FinalizationRegistry',
  ].flatMap((line) => line.split(' ')),
)
