/**
 * What the shape check says to people: found, wanted, what to do. A value whose place may hold a secret is
 * never quoted.
 */
import type { ErrorObject } from 'ajv/dist/2020.js'
import { closestMatch } from '../../kernel/closest-match.ts'
import type { Annotations } from './schema-types.ts'

/** One sentence for one error of the shape check. */
export function faultText(error: ErrorObject): string {
  const schema = annotationsOf(error.parentSchema)
  const { params, keyword, data } = error
  const wanted = schema.wanted ?? 'something else'
  const found = schema.secret === true ? describeSecret(data) : describeValue(data)
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(String(params['additionalProperty']), keysOf(error.parentSchema))
    case 'propertyNames':
      return `found the name ${quoted(String(params['propertyName']))}, wanted ${wantedName(error)}: rename it`
    case 'required':
      return missingKey(String(params['missingProperty']), error.parentSchema)
    case 'enum':
      return `found ${found}, wanted ${wanted}: ${correction(String(data), wordsOf(params['allowedValues']), 'choose one')}`
    case 'lengthBetween':
    case 'sizeBetween':
      return `found ${found}, wanted ${bounds(schema)}: choose a value in between`
    case 'minItems':
    case 'minProperties':
      return `found ${found} with nothing in it, wanted at least one entry: add one`
    case 'maxItems':
      return `found a list of more than ${params['limit']} items, wanted at most that many: shorten it`
    case 'type':
      return `found ${found}, wanted ${wanted}: ${typeAdvice(error)}`
    default:
      return `found ${found}, wanted ${wanted}: ${schema.advice ?? 'correct it'}`
  }
}

/** A value as a fault may show it: short, on one line, and visibly text or number or list. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'string') return `the text ${quoted(value)}`
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? 'a list' : 'a mapping'
}

/** Text in quotes, cut to what fits a line; what stands before the @ of a URL may be a password. */
export function quoted(value: string): string {
  const shown = value.replace(/\/\/[^/]*@/, '//...@')
  return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 57)}...` : shown)
}

/** Returns "did you mean …?", or what to do when none of the known names comes near. */
export function correction(
  name: string,
  known: readonly string[],
  otherwise = `choose one of ${known.join(', ')}`,
): string {
  const suggestion = closestMatch(name, known)
  return suggestion === undefined ? otherwise : `did you mean ${suggestion}?`
}

export function unknownKey(key: string, known: readonly string[]): string {
  const suggestion = closestMatch(key, known)
  return suggestion === undefined
    ? `found the unknown key ${quoted(key)}, wanted one of ${known.join(', ')}: remove it`
    : `found the unknown key ${quoted(key)}, wanted a known one: did you mean ${suggestion}?`
}

const wordsOf = (allowed: unknown): readonly string[] =>
  Array.isArray(allowed) ? allowed.map(String) : []

const describeSecret = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number'
    ? 'a literal value (not shown here)'
    : describeValue(value)

function typeAdvice({ data: value, instancePath, params, parentSchema }: ErrorObject): string {
  const { advice } = annotationsOf(parentSchema)
  if (instancePath === '') return 'begin with one of the examples in config/'
  if (value === null) return 'write a value, or remove the line to keep the default'
  if (typeof value === 'string' && /^(?:-?[0-9]+|true|false)$/.test(value)) {
    return 'remove the quotes'
  }
  if (advice !== undefined) return advice
  if (params['type'] === 'array') {
    return 'write it as a list: [ ... ], or one item per line after a dash'
  }
  return params['type'] === 'string' && typeof value !== 'object'
    ? 'put it in quotes if it is meant'
    : 'correct it'
}

function missingKey(key: string, schema: unknown): string {
  const { wanted } = annotationsOf(partOf(partOf(schema, 'properties'), key))
  return `found no ${key}, wanted ${wanted ?? 'one'}: add ${key}`
}

const bounds = ({ lengthBetween, sizeBetween }: Annotations): string => {
  const [low, high] = lengthBetween ?? sizeBetween ?? ['', '']
  return `${low} to ${high}`
}

const wantedName = (error: ErrorObject): string =>
  annotationsOf(partOf(error.parentSchema, 'propertyNames')).wanted ?? 'another one'

const annotationsOf = (schema: unknown): Annotations =>
  typeof schema === 'object' && schema !== null ? schema : {}

const partOf = (schema: unknown, key: string): unknown =>
  typeof schema === 'object' && schema !== null ? Reflect.get(schema, key) : undefined

const keysOf = (schema: unknown): readonly string[] =>
  Object.keys(annotationsOf(partOf(schema, 'properties')))
