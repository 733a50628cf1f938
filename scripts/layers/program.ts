/**
 * The sources as the TypeScript compiler reads them: parsed and bound, so that neither a comment nor
 * a string nor a local name that happens to be called `process` can fool a rule.
 */
import { join, resolve } from 'node:path'
import * as ast from 'typescript/unstable/ast'
import { API, type Checker } from 'typescript/unstable/sync'

/** One source, parsed; `checker` knows which names the file itself declares. */
export interface Source {
  readonly path: string
  readonly file: ast.SourceFile
  readonly checker: Checker
}

/** Hands each of `paths` (relative to `root`) to `visit`. Throws when the compiler cannot read one. */
export function readSources(
  root: string,
  paths: readonly string[],
  visit: (source: Source) => void,
): void {
  const project = join(root, 'check-layers.json') // answered from here, never on disk
  const settings = JSON.stringify({ compilerOptions: ISOLATED, files: paths })
  const api = new API({
    cwd: root,
    fs: {
      readFile: (name) => (resolve(name) === project ? settings : undefined),
      fileExists: (name) => (resolve(name) === project ? true : undefined),
    },
  })
  try {
    const opened = api.updateSnapshot({ openProjects: [project] }).getProjects()[0]
    if (opened === undefined) throw new Error(`the compiler does not open ${project}`)
    for (const path of paths) {
      const file = opened.program.getSourceFile(join(root, path))
      if (file === undefined) throw new Error(`the compiler does not read ${path}`)
      visit({ path, file, checker: opened.checker })
    }
  } finally {
    api.close()
  }
}

// No library and no resolution: a name is then either declared in its file or it is a global.
const ISOLATED = {
  allowImportingTsExtensions: true,
  noEmit: true,
  noLib: true,
  noResolve: true,
  types: [],
}

/** Visits a node and everything below it. */
export function walk(node: ast.Node, visit: (node: ast.Node) => void): void {
  visit(node)
  node.forEachChild((child) => walk(child, visit))
}

/** What an import, a re-export, an `import()` or an `import('…')` type names: types count. */
export function specifierOf(node: ast.Node): ast.Node | undefined {
  if (ast.isImportDeclaration(node) || ast.isExportDeclaration(node)) return node.moduleSpecifier
  if (ast.isImportTypeNode(node)) {
    return ast.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument
  }
  const isImport =
    ast.isCallExpression(node) && node.expression.kind === ast.SyntaxKind.ImportKeyword
  return isImport ? (node.arguments[0] ?? node) : undefined
}

/** The property that `a.x`, `a['x']` or `{ x } = a` reads. */
export function memberRead(node: ast.Node): string | undefined {
  if (ast.isPropertyAccessExpression(node)) return node.name.text
  if (ast.isElementAccessExpression(node)) return textOf(node.argumentExpression)
  if (ast.isBindingElement(node)) return textOf(node.propertyName ?? node.name)
  return undefined
}

/** True for a name that only labels: a member, a property, the far side of an import, a type. */
export function isLabel(node: ast.Identifier): boolean {
  const { parent } = node
  if (ast.isPropertyAccessExpression(parent)) return parent.name === node
  if (ast.isBindingElement(parent)) return parent.propertyName === node
  if (ast.isPropertyAssignment(parent)) return parent.name === node
  return LABELLED.some((is) => is(parent))
}

const LABELLED = [
  ast.isExportSpecifier,
  ast.isImportSpecifier,
  ast.isQualifiedName,
  ast.isTypeReferenceNode,
]

/** True for a string that is written out. */
export const isText = (
  node: ast.Node,
): node is ast.StringLiteral | ast.NoSubstitutionTemplateLiteral =>
  ast.isStringLiteral(node) || ast.isNoSubstitutionTemplateLiteral(node)

const textOf = (node: ast.Node | undefined): string | undefined =>
  node !== undefined && (isText(node) || ast.isIdentifier(node)) ? node.text : undefined
