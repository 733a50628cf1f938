/**
 * Holds what a call brings against its schema: every fault at once, nothing coerced in bodies, nothing cut off.
 */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import type { Fault } from '../kernel/types.ts'

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
} as const
const STRICT = new Ajv2020({ ...OPTIONS, coerceTypes: false })
const COERCING = new Ajv2020({ ...OPTIONS, coerceTypes: true })
for (const ajv of [STRICT, COERCING]) ajv.addVocabulary(['example'])

/** What is wrong, place by place. Values are not quoted: one of them may be a password. */
export function faultsOf(
  errors: readonly Pick<ErrorObject, 'instancePath' | 'keyword' | 'params' | 'message'>[],
  part: string,
): readonly Fault[] {
  return errors.slice(0, MAX_FAULTS).map(({ instancePath, keyword, params, message }) => {
    const detail = (params as Record<string, unknown>)['additionalProperty']
    const at = `${part}${instancePath.replaceAll('/', '.')}`
    if (keyword === 'additionalProperties') {
      return {
        at,
        message: `holds ${JSON.stringify(String(detail).slice(0, 80))}, which means nothing here: remove it`,
      }
    }
    const allowed = (params as { allowedValues?: readonly unknown[] }).allowedValues
    const words = allowed === undefined ? '' : `: ${allowed.map(String).join(', ')}`
    return { at, message: `${message ?? 'is faulty'}${words}` }
  })
}

/** Enough to correct a form at once; a list of a thousand wrong items is wrong in the same way. */
const MAX_FAULTS = 50
