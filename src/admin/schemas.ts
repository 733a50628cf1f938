/**
 * Shapes that several calls of the admin API share.
 */
import { Type, type TObject, type TProperties, type TSchema } from 'typebox'

/** An object that holds these and nothing else: a key that is not read is a mistake of the caller. */
export const strictObject = <Properties extends TProperties>(
  properties: Properties,
  description?: string,
): TObject<Properties> =>
  Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  })

/** One of some words. */
export const stringEnum = <Values extends readonly string[]>(
  values: Values,
  description?: string,
) =>
  Type.Unsafe<Values[number]>({
    type: 'string',
    enum: [...values],
    ...(description === undefined ? {} : { description }),
  })

/** Text of a bounded length, without control characters and halves of surrogate pairs, which PostgreSQL does not take. */
export const text = (max: number, description?: string) =>
  Type.String({
    minLength: 1,
    maxLength: max,
    pattern: `^${CHARACTER}*$`,
    ...(description === undefined ? {} : { description }),
  })

/** What something is called in a path: not `.` or `..`, which every client takes out of a path before it asks. */
export const pathSegmentText = (max: number, description?: string) =>
  Type.String({
    minLength: 1,
    maxLength: max,
    pattern: `^(?!\\.{1,2}$)${CHARACTER}*$`,
    ...(description === undefined ? {} : { description }),
  })

const CHARACTER = '[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]'

/** A point in time, RFC 3339 in UTC. */
export const time = (description: string) =>
  Type.String({
    description,
    pattern: `^\\d{4}-${DATE}T${TIME_OF_DAY}Z$`,
    maxLength: 30,
    examples: ['2026-11-22T01:40:00Z'],
  })

/** A day of a month that has it: what `Date.parse` does not know becomes no sunset at all, or one on another day. */
const DATE =
  '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|[12]\\d))'
/** Without leap seconds and 24:00, which mean no instant of ours. */
const TIME_OF_DAY = '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,3})?'

/** Something that may be absent, said as null. */
export const nullable = <Schema extends TSchema>(schema: Schema) =>
  Type.Union([schema, Type.Null()])

/** The part of a long list that is asked for. */
export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'At most so many.' }),
  ),
  after: Type.Optional(
    Type.String({ maxLength: 500, description: 'The `next` of the page before.' }),
  ),
}

/** A page of a long list. */
export const pageOf = <Item extends TSchema>(item: Item) =>
  strictObject({
    items: Type.Array(item),
    next: nullable(Type.String({ description: 'Where the next page begins; null on the last.' })),
  })

/** A whole list. */
export const listOf = <Item extends TSchema>(item: Item) =>
  strictObject({ items: Type.Array(item) })

/** The parameter of paths that name one thing. */
export const nameParams = strictObject({ name: text(200) })

/** A problem document of the admin API. */
export const problem = strictObject({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String({ description: 'Stable; one of a closed list.' }),
  detail: Type.String({ description: 'What was found.' }),
  next_step: Type.String({ description: 'What to do about it.' }),
  faults: Type.Optional(Type.Array(strictObject({ at: Type.String(), message: Type.String() }))),
})
