/**
 * What a schema wants, as a noun phrase: the words that its author chose or, where there are none, words made of its
 * type and bounds. Never a pattern.
 */
import type { Annotations } from './schema-types.ts'

/** A JSON Schema, as far as its sentences are made of it. */
export interface SchemaFacts extends Annotations {
  readonly type?: string | readonly string[]
  readonly const?: boolean | number | string | null
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, SchemaFacts>>
  readonly items?: SchemaFacts
  readonly anyOf?: readonly SchemaFacts[]
}

/** Returns what may stand where this schema stands. */
export function wantedOf(schema: SchemaFacts): string {
  if (schema.wanted !== undefined) return schema.wanted
  if (schema.anyOf !== undefined) return schema.anyOf.map(wantedOf).join(' or ')
  if (schema.const !== undefined) return String(schema.const)
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`
  switch (schema.type ?? 'any') {
    case 'integer':
      return `a whole number${boundsOf(schema.minimum, schema.maximum)}`
    case 'number':
      return `a number${boundsOf(schema.minimum, schema.maximum)}`
    case 'string':
      return `text${withUnit(boundsOf(schema.minLength, schema.maxLength), 'characters')}`
    case 'array':
      return `a list${withUnit(boundsOf(schema.minItems, schema.maxItems), 'items')}`
    case 'boolean':
      return 'true or false'
    case 'object':
      return 'an object'
    case 'null':
      return 'null'
    default:
      return 'something else'
  }
}

/** Whether a value of this schema may be a secret, or hold one. */
export const holdsSecret = ({ secret, properties = {} }: SchemaFacts): boolean =>
  secret === true || Object.values(properties).some(holdsSecret)

function boundsOf(least: number | undefined, most: number | undefined): string {
  if (most === undefined) return least === undefined ? '' : ` of at least ${least}`
  return least === undefined ? ` of at most ${most}` : ` from ${least} to ${most}`
}

const withUnit = (bounds: string, unit: string): string =>
  bounds === '' ? '' : `${bounds.replace(' from ', ' of ')} ${unit}`
