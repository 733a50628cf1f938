/**
 * What the shape check says to people: found, wanted, what to do. A value whose place may hold a secret is
 * never quoted.
 */
import type { ErrorObject } from 'ajv/dist/2020.js'
import { closestMatch } from '../../kernel/closest-match.ts'
import { countText } from '../../kernel/count-text.ts'
import type { Annotations } from './schema-types.ts'
import { explainInstantFault, parseInstant } from './units.ts'
import { holdsSecret, type SchemaFacts, wantedOf } from './wanted.ts'

/** The words of a format: what its people call a mapping, and how they mend a value of the wrong type. */
export interface Wording {
  readonly mapping: string
  readonly nothing: string
  readonly whole: string
  readonly emptyValue: string
  readonly list: string
  readonly text: string
}

const YAML: Wording = {
  mapping: 'a mapping',
  nothing: 'nothing',
  whole: 'begin with one of the examples in config/',
  emptyValue: 'write a value, or remove the line to keep the default',
  list: 'write it as a list: [ ... ], or one item per line after a dash',
  text: 'put it in quotes if it is meant',
}

/** One sentence for one error of the shape check. */
export function faultText(error: ErrorObject, wording: Wording = YAML): string {
  const schema: SchemaFacts = annotationsOf(error.parentSchema)
  const { params, keyword, data } = error
  const found = holdsSecret(schema) ? describeSecret(data, wording) : describeValue(data, wording)
  const wanted = wantedOf(schema)
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
      return `found a list of more than ${countText(Number(params['limit']), 'item')}, wanted at most that many: shorten it`
    case 'maxLength':
      return `found ${lengthText(data, schema)}, wanted ${wanted}: shorten it`
    case 'minLength':
      return `found ${lengthText(data, schema)}, wanted ${wanted}: write ${data === '' ? 'a value' : 'a longer one'}`
    case 'instant':
      return instantFault(String(data))
    case 'type':
      return `found ${found}, wanted ${wanted}: ${typeAdvice(error, wording)}`
    default:
      if (schema.notStored !== undefined && String(data).startsWith('store:')) {
        return `found a secret of the store, wanted ${wanted}: ${schema.notStored}`
      }
      return `found ${found}, wanted ${wanted}: ${schema.advice ?? 'correct it'}`
  }
}

/** A value as a fault may show it: short, on one line, and visibly text or number or list. */
export function describeValue(value: unknown, { mapping, nothing }: Wording = YAML): string {
  if (value === undefined) return 'nothing'
  if (value === null) return nothing
  if (typeof value === 'string') return `the text ${quoted(value)}`
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? 'a list' : mapping
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
  const all = known.length === 0 ? 'none' : `one of ${known.join(', ')}`
  return suggestion === undefined
    ? `found the unknown key ${quoted(key)}, wanted ${all}: remove it`
    : `found the unknown key ${quoted(key)}, wanted a known one: did you mean ${suggestion}?`
}

const wordsOf = (allowed: unknown): readonly string[] =>
  Array.isArray(allowed) ? allowed.map(String) : []

const describeSecret = (value: unknown, wording: Wording): string =>
  typeof value === 'string' || typeof value === 'number'
    ? 'a literal value (not shown here)'
    : describeValue(value, wording)

function lengthText(value: unknown, schema: SchemaFacts): string {
  if (value === '') return 'an empty text'
  // The length of a secret helps who looks over a shoulder.
  return holdsSecret(schema)
    ? 'a value of another length (not shown here)'
    : `a text of ${countText(Array.from(String(value)).length, 'character')}`
}

function instantFault(text: string): string {
  const read = parseInstant(text)
  return `found the text ${quoted(text)}, ${explainInstantFault(read.ok ? 'not-an-instant' : read.failure)}`
}

function typeAdvice(
  { data: value, instancePath, params, parentSchema }: ErrorObject,
  wording: Wording,
): string {
  const { advice } = annotationsOf(parentSchema)
  if (instancePath === '') return wording.whole
  if (value === null) return wording.emptyValue
  const types = [params['type']].flat()
  if (typeof value === 'string' && /^(?:-?[0-9]+|true|false)$/.test(value)) {
    return 'remove the quotes'
  }
  if (advice !== undefined) return advice
  if (types.includes('array')) return wording.list
  return types.includes('string') && typeof value !== 'object' ? wording.text : 'correct it'
}

function missingKey(key: string, schema: unknown): string {
  const part: SchemaFacts = annotationsOf(partOf(partOf(schema, 'properties'), key))
  return `found no ${key}, wanted ${wantedOf(part)}: add ${key}`
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
