/**
 * What a mutant is: one small edit of one place in a source, such as a test ought to notice. Never one that the
 * compiler refuses for the value's type: it could not be committed.
 */
import * as ast from 'typescript/unstable/ast'
import type { Checker, Type } from 'typescript/unstable/sync'
import { TypeFlags, type UnionType } from 'typescript/unstable/sync'
import { regexEdits } from './regex-edits.ts'

/** Replaces the text of `node`; `text` says by what. */
export interface Edit {
  readonly node: ast.Node
  readonly text: string
  /** What people read instead of a long text. */
  readonly label?: string
}

/** A source under the knife. */
export interface Slide {
  readonly file: ast.SourceFile
  readonly checker: Checker
  /** Texts are not verdicts: where a file is all sentences (`explain*.ts`), they are left alone. */
  readonly keepsTexts: boolean
}

const { SyntaxKind: S } = ast

/** All edits that this node gives rise to, at itself or at a part of it. */
export const editsOf = (node: ast.Node, slide: Slide): readonly Edit[] =>
  MUTATORS[node.kind]?.(node, slide) ?? []

type Mutator = (node: ast.Node, slide: Slide) => readonly Edit[]

const of =
  <N extends ast.Node>(
    is: (node: ast.Node) => node is N,
    edits: (node: N, slide: Slide) => readonly Edit[],
  ): Mutator =>
  (node, slide) =>
    is(node) ? edits(node, slide) : []

const at = (node: ast.Node | undefined, ...texts: readonly string[]): readonly Edit[] =>
  node === undefined ? [] : texts.map((text) => ({ node, text }))

const source = (node: ast.Node, { file }: Slide): string =>
  file.text.slice(node.getStart(file), node.end)

/** `( … )`, so that what is taken out of its place binds as it did there. */
const bracketed = (node: ast.Node, slide: Slide): string => `(${source(node, slide)})`

const MUTATORS: Readonly<Record<number, Mutator>> = {
  [S.ArrayLiteralExpression]: of(ast.isArrayLiteralExpression, ofArray),
  [S.ArrowFunction]: of(ast.isArrowFunction, ({ body }, slide) =>
    ast.isBlock(body) ? [] : outcomes(body, slide),
  ),
  [S.BigIntLiteral]: (node, slide) => at(node, `${source(node, slide)} + 1n`),
  [S.BinaryExpression]: of(ast.isBinaryExpression, ofBinary),
  [S.CallExpression]: of(ast.isCallExpression, ofCall),
  [S.ConditionalExpression]: of(ast.isConditionalExpression, ({ condition }) =>
    at(condition, 'true', 'false'),
  ),
  [S.ElementAccessExpression]: ofLink,
  [S.FalseKeyword]: (node, slide) => (takes(node, slide, 'boolean') ? at(node, 'true') : []),
  [S.ForStatement]: of(ast.isForStatement, ({ condition }) => at(condition, 'false')),
  [S.IfStatement]: of(ast.isIfStatement, ({ expression }) => at(expression, 'true', 'false')),
  [S.NoSubstitutionTemplateLiteral]: ofText,
  [S.NumericLiteral]: of(ast.isNumericLiteral, (node, slide) =>
    takes(node, slide, 'number') ? at(node, String(Number(node.text) + 1)) : [],
  ),
  [S.PostfixUnaryExpression]: of(ast.isPostfixUnaryExpression, (node, slide) =>
    at(node, source(node.operand, slide) + (node.operator === S.PlusPlusToken ? '--' : '++')),
  ),
  [S.PrefixUnaryExpression]: of(ast.isPrefixUnaryExpression, (node, slide) => {
    const isNumber = node.operator === S.MinusToken && ast.isNumericLiteral(node.operand)
    return isNumber ? [] : at(node, bracketed(node.operand, slide))
  }),
  [S.PropertyAccessExpression]: ofLink,
  [S.RegularExpressionLiteral]: (node, slide) => at(node, ...regexEdits(source(node, slide))),
  [S.ReturnStatement]: of(ast.isReturnStatement, ({ expression }, slide) =>
    expression === undefined ? [] : outcomes(expression, slide),
  ),
  [S.StringLiteral]: ofText,
  [S.TemplateExpression]: ofText,
  [S.TrueKeyword]: (node, slide) => (takes(node, slide, 'boolean') ? at(node, 'false') : []),
  [S.WhileStatement]: of(ast.isWhileStatement, ({ expression }) => at(expression, 'false')),
}

/** The text of `whole` with one part of it said differently. */
function replaced(whole: ast.Node, part: ast.Node, text: string, slide: Slide): string {
  const { file } = slide
  const start = file.text.slice(whole.getStart(file), part.getStart(file))
  return start + text + file.text.slice(part.end, whole.end)
}

/** What a function could return instead, without the compiler minding. */
function outcomes(value: ast.Expression, { checker }: Slide): readonly Edit[] {
  if (value.kind === S.TrueKeyword || value.kind === S.FalseKeyword) return []
  const type = checker.getTypeAtLocation(value)
  // `unreachable(…)`: the types make it impossible.
  if (type !== undefined && (type.flags & TypeFlags.Never) !== 0) return []
  if (isBoolean(type)) return at(value, 'true', 'false')
  const wanted = checker.getContextualType(value)
  if (wanted === undefined || (ast.isIdentifier(value) && value.text === 'undefined')) return []
  return checker.isTypeAssignableTo(checker.getUndefinedType(), wanted)
    ? at(value, 'undefined')
    : []
}

const isBoolean = (type: Type | undefined): boolean =>
  type !== undefined && membersOf(type).every(({ flags }) => (flags & TypeFlags.BooleanLike) !== 0)

/** The alternatives of a union; of anything else, itself. */
const membersOf = (type: Type): readonly Type[] => (isUnion(type) ? type.getTypes() : [type])

const isUnion = (type: Type): type is UnionType => (type.flags & TypeFlags.Union) !== 0

/** Emptied; and without each element where those could not be others. */
function ofArray(node: ast.ArrayLiteralExpression, slide: Slide): readonly Edit[] {
  const { checker } = slide
  const { elements, parent } = node
  if (elements.length === 0) return []
  if (ast.isVariableDeclaration(parent) && ast.isArrayBindingPattern(parent.name)) return []
  const wanted = checker.getContextualType(node)
  if (wanted !== undefined && membersOf(wanted).some((one) => checker.isTupleType(one))) return []
  const isEditable = elements.some((element) => editsOf(element, slide).length > 0)
  if (isEditable || elements.length === 1) return at(node, '[]')
  const shorter = elements.map((gone) => {
    const others = elements.filter((element) => element !== gone)
    const text = `[${others.map((element) => source(element, slide)).join(', ')}]`
    return { node, text, label: `without ${source(gone, slide)}` }
  })
  return [...at(node, '[]'), ...shorter]
}

const SWAPPED: Readonly<Record<number, readonly string[]>> = {
  [S.LessThanToken]: ['<=', '>='],
  [S.LessThanEqualsToken]: ['<', '>'],
  [S.GreaterThanToken]: ['>=', '<='],
  [S.GreaterThanEqualsToken]: ['>', '<'],
  [S.EqualsEqualsEqualsToken]: ['!=='],
  [S.ExclamationEqualsEqualsToken]: ['==='],
  [S.AmpersandAmpersandToken]: ['||'],
  [S.BarBarToken]: ['&&'],
  [S.PlusToken]: ['-'],
  [S.MinusToken]: ['+'],
  [S.AsteriskToken]: ['/'],
  [S.SlashToken]: ['*'],
  [S.PercentToken]: ['*'],
  [S.AmpersandToken]: ['|'],
  [S.BarToken]: ['&'],
  [S.CaretToken]: ['&'],
  [S.LessThanLessThanToken]: ['>>'],
  [S.GreaterThanGreaterThanToken]: ['<<'],
  [S.PlusEqualsToken]: ['-='],
  [S.MinusEqualsToken]: ['+='],
  [S.QuestionQuestionEqualsToken]: ['='],
}

/** Operators that stand for one of their operands when the other does not count. */
const CHOICES: ReadonlySet<number> = new Set([
  S.AmpersandAmpersandToken,
  S.BarBarToken,
  S.QuestionQuestionToken,
])

function ofBinary(node: ast.BinaryExpression, slide: Slide): readonly Edit[] {
  const { left, right, operatorToken } = node
  if (operatorToken.kind === S.PlusToken && isText(node, slide)) return []
  const [one, other] = [bracketed(left, slide), bracketed(right, slide)]
  const isAssignment =
    operatorToken.kind >= S.FirstAssignment && operatorToken.kind <= S.LastAssignment
  const target = isAssignment ? source(left, slide) : one
  const swapped = (SWAPPED[operatorToken.kind] ?? []).map((sign) => `${target} ${sign} ${other}`)
  return at(node, ...swapped, ...(CHOICES.has(operatorToken.kind) ? [one, other] : []))
}

const isText = (node: ast.Node, { checker }: Slide): boolean =>
  ((checker.getTypeAtLocation(node)?.flags ?? 0) & TypeFlags.StringLike) !== 0

const OTHER: ReadonlyMap<string, string> = new Map(
  [
    ['some', 'every'],
    ['startsWith', 'endsWith'],
    ['indexOf', 'lastIndexOf'],
    ['toLowerCase', 'toUpperCase'],
    ['min', 'max'],
    ['find', 'findLast'],
  ].flatMap(([one = '', other = '']) => [
    [one, other],
    [other, one],
  ]),
)

/** Methods without which the receiver is of the same kind. */
const DROPPED: ReadonlySet<string> = new Set([
  'filter',
  'normalize',
  'replace',
  'replaceAll',
  'slice',
  'sort',
  'toReversed',
  'toSorted',
  'trim',
])

function ofCall(node: ast.CallExpression, slide: Slide): readonly Edit[] {
  const callee = node.expression
  if (!ast.isPropertyAccessExpression(callee)) return ofLink(node, slide)
  const method = callee.name.text
  const other = OTHER.get(method)
  const [first, second] = node.arguments
  const isSpan = method === 'slice' && first !== undefined && second !== undefined
  return [
    ...ofLink(node, slide),
    ...(other === undefined ? [] : at(node, replaced(node, callee.name, other, slide))),
    ...(DROPPED.has(method) ? at(node, bracketed(callee.expression, slide)) : []),
    ...(isSpan ? at(node, `${source(callee, slide)}(${source(first, slide)})`) : []),
  ]
}

/** `a?.b` without its question mark. */
function ofLink(node: ast.Node, slide: Slide): readonly Edit[] {
  const isMember = ast.isPropertyAccessExpression(node)
  if (!isMember && !ast.isElementAccessExpression(node) && !ast.isCallExpression(node)) return []
  const token = node.questionDotToken
  if (token === undefined) return []
  return at(node, replaced(node, token, isMember ? '.' : '', slide))
}

/** Emptied, or filled where it was empty. */
function ofText(node: ast.Node, slide: Slide): readonly Edit[] {
  const { parent } = node
  if (slide.keepsTexts || !takes(node, slide, 'string')) return []
  if (ast.isPropertyAssignment(parent) && parent.name === node) return []
  const isEmpty = ast.isStringLiteral(node) && node.text === ''
  return at(node, isEmpty ? "'mutant'" : "''")
}

/** Whether any value of the type could stand here; a member of a union of literals could not be another one. */
function takes(node: ast.Node, { checker }: Slide, type: keyof typeof ANY): boolean {
  const beside = comparedWith(node)
  const wanted =
    beside === undefined
      ? checker.getContextualType(node as ast.Expression)
      : checker.getTypeAtLocation(beside)
  if (wanted === undefined || (wanted.flags & TypeFlags.TypeParameter) !== 0) return true
  const any = ANY[type](checker)
  return (
    membersOf(wanted).some((one) => checker.isTypeAssignableTo(any, one)) ||
    (type === 'boolean' && checker.isTypeAssignableTo(any, wanted))
  )
}

const ANY = {
  string: (checker: Checker) => checker.getStringType(),
  number: (checker: Checker) => checker.getNumberType(),
  boolean: (checker: Checker) => checker.getBooleanType(),
}

/** What a value is held against, in an equation or a `case`. */
function comparedWith(node: ast.Node): ast.Node | undefined {
  const { parent } = node
  if (ast.isBinaryExpression(parent) && EQUALITY.has(parent.operatorToken.kind)) {
    return parent.left === node ? parent.right : parent.left
  }
  if (!ast.isCaseClause(parent)) return undefined
  const { parent: whole } = parent.parent
  return ast.isSwitchStatement(whole) ? whole.expression : undefined
}

const EQUALITY: ReadonlySet<number> = new Set([
  S.EqualsEqualsEqualsToken,
  S.ExclamationEqualsEqualsToken,
])
