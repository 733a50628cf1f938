/**
 * A value that a JSON Schema takes, and values that it must refuse: one for each thing that can be wrong at each place.
 */
export interface JsonSchema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly default?: unknown
  readonly writeOnly?: boolean
}

/** A faulty value, and what is wrong with it. */
export interface Mutant {
  readonly what: string
  readonly value: unknown
}

/** Texts of which every pattern of the API takes one. */
const TEXTS = [
  'a',
  '2026-11-22',
  'a'.repeat(64),
  'ab',
  '11111111-1111-4111-8111-111111111111',
  '10.1',
  '4f1d09c2a7b3e856-3',
] as const
/** Texts of which every pattern of the API refuses one. */
const BAD_TEXTS = ['a\u0007', '2026-02-30T24:00:00Z', '!'.repeat(36)] as const

/** Returns a value that the schema takes. */
export function sampleOf(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.anyOf?.[0] !== undefined) return sampleOf(schema.anyOf[0])
  switch (schema.type ?? 'any') {
    case 'integer':
    case 'number':
      return schema.minimum ?? 0
    case 'boolean':
      return true
    case 'array':
      return (schema.minItems ?? 0) > 0 ? [sampleOf(schema.items ?? {})] : []
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, one]) => [key, sampleOf(one)]),
      )
    default:
      return textOf(schema)
  }
}

function textOf({ pattern = '', minLength = 0 }: JsonSchema): string {
  const text = TEXTS.find((one) => new RegExp(pattern, 'u').test(one))
  if (text === undefined) throw new Error(`no sample fits ${pattern}`)
  return text.padEnd(minLength, 'a')
}

/** Returns everything that the schema must refuse. */
export function mutantsOf(schema: JsonSchema): readonly Mutant[] {
  if (schema.anyOf !== undefined) {
    const typed = schema.anyOf.filter(({ type }) => type !== 'null')
    const nullable = typed.length < schema.anyOf.length
    return typed.flatMap(mutantsOf).filter(({ value }) => !(nullable && value === null))
  }
  return [...wrongTypes(schema), ...outOfBounds(schema), ...inside(schema)]
}

function wrongTypes({ type }: JsonSchema): readonly Mutant[] {
  const values = [null, 'word', 7, true, ['word'], { word: 'word' }]
  return values
    .filter((value) => !hasType(value, type))
    .map((value) => ({ what: `the wrong type ${JSON.stringify(value)}`, value }))
}

const hasType = (value: unknown, type = 'string'): boolean =>
  value === null
    ? type === 'null'
    : Array.isArray(value)
      ? type === 'array'
      : typeof value === (type === 'integer' ? 'number' : type)

function outOfBounds(schema: JsonSchema): readonly Mutant[] {
  const { minimum, maximum, minLength = 0, maxLength, pattern, minItems = 0, maxItems } = schema
  const mutants: Mutant[] = []
  const add = (what: string, value: unknown): number => mutants.push({ what, value })
  if (schema.const !== undefined || schema.enum !== undefined) add('no such word', 'nonsense')
  if (minimum !== undefined) add('too little', minimum - 1)
  if (maximum !== undefined) add('too much', maximum + 1)
  if (schema.type === 'integer') add('a part of a number', (minimum ?? 0) + 0.5)
  if (minLength > 0) add('too short', 'x'.repeat(minLength - 1))
  if (maxLength !== undefined) add('too long', 'x'.repeat(maxLength + 1))
  if (pattern !== undefined) {
    const text = BAD_TEXTS.find((one) => !new RegExp(pattern, 'u').test(one))
    if (text === undefined) throw new Error(`everything fits ${pattern}`)
    add('of another form', text)
  }
  if (minItems > 0) add('too few', [])
  if (maxItems !== undefined) {
    add('too many', Array<unknown>(maxItems + 1).fill(sampleOf(schema.items ?? {})))
  }
  return mutants
}

function inside(schema: JsonSchema): readonly Mutant[] {
  if (schema.items !== undefined) {
    return mutantsOf(schema.items).map(({ what, value }) => ({
      what: `[]: ${what}`,
      value: [value],
    }))
  }
  if (schema.properties === undefined) return []
  const sample = sampleOf(schema) as Record<string, unknown>
  const mutants: Mutant[] = [{ what: 'an unknown key', value: { ...sample, no_such_key: 1 } }]
  for (const [key, one] of Object.entries(schema.properties)) {
    const { [key]: _, ...without } = sample
    if (schema.required?.includes(key) === true && one.default === undefined) {
      mutants.push({ what: `without ${key}`, value: without })
    }
    for (const { what, value } of mutantsOf(one)) {
      mutants.push({ what: `${key}: ${what}`, value: { ...sample, [key]: value } })
    }
  }
  return mutants
}
