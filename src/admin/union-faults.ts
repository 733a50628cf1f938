/**
 * What a value that may be one of several things lacks: ajv reports what each of them would have wanted, a person wants
 * to hear of the one that was meant.
 */
import type { ErrorObject } from 'ajv/dist/2020.js'
import type { SchemaFacts } from '../config/reading/wanted.ts'

/** Keeps of each union the faults of the alternative that was meant, or one fault where none was. */
export function resolveUnions(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  // The outer union comes first, so that an inner one is only looked at in the alternative that was meant.
  const union = errors
    .filter(({ keyword }) => keyword === 'anyOf')
    .toSorted((one, other) => one.schemaPath.length - other.schemaPath.length)[0]
  if (union === undefined) return errors
  const isOfUnion = (error: ErrorObject): boolean =>
    error !== union && error.schemaPath.startsWith(`${union.schemaPath}/`) && isInside(error, union)
  const others = errors.filter((error) => error !== union && !isOfUnion(error))
  return [...resolveUnions(others), ...meantFaults(union, errors.filter(isOfUnion))]
}

const isInside = ({ instancePath }: ErrorObject, union: ErrorObject): boolean =>
  instancePath === union.instancePath || instancePath.startsWith(`${union.instancePath}/`)

function meantFaults(union: ErrorObject, inside: readonly ErrorObject[]): readonly ErrorObject[] {
  const { anyOf = [] } = union.parentSchema as SchemaFacts
  const tag = tagOf(anyOf)
  const meant = anyOf.findIndex((one) => isMeant(one, union.data, tag))
  if (meant !== -1) {
    return resolveUnions(
      inside.filter(({ schemaPath }) => schemaPath.startsWith(`${union.schemaPath}/${meant}/`)),
    )
  }
  if (tag === undefined || typeOf(union.data) !== 'object') return [{ ...union, keyword: 'type' }]
  return [tagFault(union, tag, anyOf)]
}

/** The key whose value says which alternative an object is. */
function tagOf(anyOf: readonly SchemaFacts[]): string | undefined {
  const [first, ...others] = anyOf
  return Object.keys(first?.properties ?? {}).find((key) =>
    [first, ...others].every((one) => one?.properties?.[key]?.const !== undefined),
  )
}

function isMeant(one: SchemaFacts, data: unknown, tag: string | undefined): boolean {
  if (tag !== undefined) return keyIn(data, tag) === one.properties?.[tag]?.const
  return one.type === typeOf(data) || (one.type === 'integer' && typeOf(data) === 'number')
}

/** An object whose tag is none of those there are, or is not there. */
function tagFault(union: ErrorObject, tag: string, anyOf: readonly SchemaFacts[]): ErrorObject {
  const values = anyOf.map(({ properties }) => properties?.[tag]?.const)
  const parentSchema = { properties: { [tag]: { enum: values } }, enum: values }
  const data = keyIn(union.data, tag)
  return data === undefined
    ? { ...union, keyword: 'required', params: { missingProperty: tag }, parentSchema }
    : {
        ...union,
        instancePath: `${union.instancePath}/${tag}`,
        keyword: 'enum',
        params: { allowedValues: values },
        parentSchema,
        data,
      }
}

const keyIn = (data: unknown, key: string): unknown =>
  typeof data === 'object' && data !== null ? Reflect.get(data, key) : undefined

const typeOf = (data: unknown): string =>
  data === null ? 'null' : Array.isArray(data) ? 'array' : typeof data
