/**
 * Holds what a call brings against its schema: every fault at once, nothing coerced in bodies, nothing cut off.
 */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { faultText, type Wording } from '../config/reading/fault-text.ts'
import { parseInstant } from '../config/reading/units.ts'
import type { Fault } from '../kernel/types.ts'
import { resolveUnions } from './union-faults.ts'

/** Compiles a schema for a part of a call. Texts of a query may stand for numbers and switches; those of a body not. */
export function compileSchema(schema: object, part = 'body'): (data: unknown) => boolean {
  // Through JSON: typebox marks its schemas with symbols and getters that ajv has no use for.
  const plain = JSON.parse(JSON.stringify(schema)) as object
  return (part === 'body' ? STRICT : COERCING).compile(plain)
}

const OPTIONS = {
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  useDefaults: true,
  removeAdditional: false,
  // The sentences are made of the schema and the value.
  verbose: true,
} as const
const STRICT = new Ajv2020({ ...OPTIONS, coerceTypes: false })
const COERCING = new Ajv2020({ ...OPTIONS, coerceTypes: true })

/** Keywords of ours, which the OpenAPI document does not show. */
export const ANNOTATIONS = ['wanted', 'advice', 'secret', 'instant'] as const

for (const ajv of [STRICT, COERCING]) {
  ajv.addVocabulary(['example', 'wanted', 'advice', 'secret'])
  ajv.addKeyword({
    keyword: 'instant',
    type: 'string',
    schemaType: 'boolean',
    validate: (_: true, text: string) => parseInstant(text).ok,
  })
}

/** What is wrong, place by place, in the sentences of the configuration file. */
export function faultsOf(errors: readonly ErrorObject[], part: string): readonly Fault[] {
  const faults = resolveUnions(errors).map((error) => ({
    at: `${part}${error.instancePath.replaceAll('/', '.')}`,
    message: faultText(error, part === 'body' ? JSON_BODY : QUERY),
  }))
  // A value that two keywords refuse is wrong once.
  const places = new Map(faults.map((fault) => [`${fault.at} ${fault.message}`, fault]))
  return [...places.values()].slice(0, MAX_FAULTS)
}

const JSON_BODY: Wording = {
  mapping: 'an object',
  nothing: 'null',
  whole: 'send a JSON object',
  emptyValue: 'send a value, or leave the key out',
  list: 'send it as a list: [ ... ]',
  text: 'put it in quotes if it is meant',
}
const QUERY: Wording = { ...JSON_BODY, list: 'give it several times', text: 'give it once' }

/** Enough to correct a form at once; a list of a thousand wrong items is wrong in the same way. */
const MAX_FAULTS = 50
