/**
 * Shapes that several calls of the admin API share.
 */
import { Type, type TObject, type TProperties, type TSchema, type TStringOptions } from 'typebox'
import { INSTANT_ADVICE, INSTANT_PATTERN, INSTANT_WANTED } from '../config/reading/units.ts'

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
  patternText(`^${CHARACTER}*$`, {
    minLength: 1,
    maxLength: max,
    wanted: `text of 1 to ${max} characters on one line`,
    ...(description === undefined ? {} : { description }),
  })

/** What something is called in a path: not `.` or `..`, which every client takes out of a path before it asks. */
export const pathSegmentText = (max: number, description?: string) =>
  patternText(`^(?!\\.{1,2}$)${CHARACTER}*$`, {
    minLength: 1,
    maxLength: max,
    wanted: `a name of 1 to ${max} characters on one line, other than . and ..`,
    ...(description === undefined ? {} : { description }),
  })

const CHARACTER = '[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]'

/** Text of a pattern, and what a person is told of it. */
export const patternText = (
  pattern: string,
  options: TStringOptions & { readonly wanted: string; readonly advice?: string },
) => Type.String({ pattern, ...options })

/** Text that is never quoted, because it is a secret. */
export const secretText = (options: TStringOptions) =>
  Type.String({ ...options, secret: true, writeOnly: true })

/** The SHA-256 of a public key. */
export const keyHash = (description: string) =>
  patternText('^[0-9a-f]{64}$', {
    description,
    wanted: 'a SHA-256 as 64 hexadecimal digits in lower case',
    advice: 'take it from `tfe explain CERT.pem`',
  })

/** A point in time, as the configuration file takes it; an answer shows UTC. */
export const time = (description: string) =>
  patternText(INSTANT_PATTERN, {
    description,
    maxLength: 30,
    examples: ['2026-11-22T01:40:00Z', '2026-11-22'],
    wanted: INSTANT_WANTED,
    advice: INSTANT_ADVICE,
    instant: true,
  })

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
