/**
 * The kinds of value that a configuration is made of. Besides JSON Schema's own keywords each carries
 * `wanted` (the noun phrase of a fault), `advice` (what to do about it) and, where a value may be a secret,
 * `secret`, which keeps it out of every sentence.
 */
import { type Static, type TSchema, Type } from 'typebox'
import { SECRET_NAME } from './stored-secrets.ts'
import {
  DURATION_PATTERN,
  INSTANT_ADVICE,
  INSTANT_PATTERN,
  INSTANT_WANTED,
  SIZE_PATTERN,
} from './units.ts'
import type { KeyFingerprint } from '../../kernel/types.ts'

/** What our annotations add to a schema; `check-shape.ts` and the generated reference read them. */
export interface Annotations {
  readonly description?: string
  readonly default?: unknown
  readonly wanted?: string
  readonly advice?: string
  readonly secret?: boolean
  /** Why content of the store is not taken here. */
  readonly notStored?: string
  /** Inclusive bounds, written as the operator would. */
  readonly lengthBetween?: readonly [string, string]
  readonly sizeBetween?: readonly [string, string]
}

/** A group of keys; a key that is not listed is a fault. */
export const group = <Keys extends Record<string, TSchema>>(description: string, keys: Keys) =>
  Type.Object(keys, { description, additionalProperties: false, wanted: 'a mapping of keys' })

/** A group that may be left out, because every key in it has a default. */
export const defaultGroup = <Keys extends Record<string, TSchema>>(
  description: string,
  keys: Keys,
) =>
  Type.Object(keys, {
    description,
    additionalProperties: false,
    wanted: 'a mapping of keys',
    default: {},
  })

/** Things that the operator names. */
export const namedMap = <Thing extends TSchema>(description: string, thing: Thing, least: number) =>
  Type.Unsafe<Readonly<Record<string, Static<Thing>>>>({
    type: 'object',
    description,
    wanted: 'a mapping of names to settings',
    minProperties: least,
    propertyNames: { pattern: NAME_PATTERN, wanted: NAME_WANTED },
    additionalProperties: thing,
  })

const NAME_PATTERN = '^[a-z][a-z0-9.-]{0,39}$'
const NAME_WANTED =
  'a name of at most 40 lower-case letters, digits, dots and dashes that begins with a letter'

/** A list with at least one item. */
export const listOf = <Item extends TSchema>(description: string, item: Item) =>
  Type.Array(item, { description, minItems: 1, maxItems: 1000, wanted: 'a list' })

/** A list that may be empty, and is unless the operator says otherwise. */
export const optionalListOf = <Item extends TSchema>(description: string, item: Item) =>
  Type.Array(item, { description, default: [], maxItems: 10_000, wanted: 'a list' })

/** A length of time; the bounds are the operator's spelling. */
export const duration = (
  description: string,
  between: readonly [string, string],
  defaultValue?: string,
) =>
  Type.Unsafe<string>({
    type: 'string',
    description,
    pattern: DURATION_PATTERN,
    lengthBetween: between,
    wanted: 'a length of time with its unit, such as 30s, 15m or 1d 12h',
    advice: 'write a number and ms, s, m, h or d',
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
  })

/** A length of time, or `off`; the bounds are those of the length. */
export const offOrDuration = (
  description: string,
  between: readonly [string, string],
  defaultValue: string,
) => ({
  ...duration(description, between, defaultValue),
  pattern: `^off$|${DURATION_PATTERN}`,
  wanted: 'off, or a length of time with its unit, such as 60s or 5m',
  advice: 'write off, or a number and ms, s, m, h or d',
})

/** A size in octets. */
export const size = (
  description: string,
  between: readonly [string, string],
  defaultValue: string,
) =>
  Type.Unsafe<string>({
    type: 'string',
    description,
    pattern: SIZE_PATTERN,
    sizeBetween: between,
    wanted: 'a size with its unit, such as 512B, 16KiB or 2GiB',
    advice: 'write a number and B, KiB, MiB or GiB',
    default: defaultValue,
  })

/** A whole number. */
export const integer = (
  description: string,
  between: readonly [number, number],
  defaultValue?: number,
) =>
  Type.Unsafe<number>({
    type: 'integer',
    description,
    minimum: between[0],
    maximum: between[1],
    wanted: `a whole number from ${between[0]} to ${between[1]}`,
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
  })

/** True or false. */
export const flag = (description: string, defaultValue?: boolean) =>
  Type.Boolean({
    description,
    wanted: 'true or false',
    advice: 'yes, no, on and off are plain words in YAML 1.2',
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
  })

/** One of a few words. An enumeration, not a union of literals, which would report one fault three times. */
export const choice = <Word extends string>(
  description: string,
  words: readonly Word[],
  defaultValue?: Word,
) =>
  Type.Unsafe<Word>({
    type: 'string',
    description,
    enum: words,
    wanted: `one of ${words.join(', ')}`,
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
  })

/** Free text on one line. */
export const singleLine = (description: string, wanted: string, defaultValue?: string) =>
  Type.Unsafe<string>({
    type: 'string',
    description,
    pattern: '^[^\\u0000-\\u001f\\u007f]{1,1000}$',
    wanted,
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
  })

/** Text of a given pattern. */
export const patternText = (
  description: string,
  pattern: string,
  { wanted, advice, defaultValue }: { wanted: string; advice?: string; defaultValue?: string },
) =>
  Type.Unsafe<string>({
    type: 'string',
    description,
    pattern,
    wanted,
    ...(advice === undefined ? {} : { advice }),
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
  })

/** A public key by its SHA-256. */
export const keyFingerprint = (description: string) =>
  patternText(description, '^(?:[0-9A-Fa-f]{64}|(?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})$', {
    wanted:
      'the SHA-256 of the public key (SPKI): 64 hexadecimal digits, colons between octets or not',
    advice:
      'take it from `tfe explain CERT.pem`; the fingerprint of the certificate is something else',
  })

const FILE_OR_VARIABLE = 'file:[^\\u0000-\\u001f]{1,4000}|env:[A-Z_][A-Z0-9_]{0,200}'

/** Content by reference. Never quoted in a fault: a wrong value may be the secret itself, pasted here. */
export const reference = (
  description: string,
  notStored = 'only keys, keystores and passphrases of listeners and upstreams are taken from the store',
) =>
  Type.Unsafe<string>({
    type: 'string',
    description,
    pattern: `^(?:${FILE_OR_VARIABLE})$`,
    secret: true,
    notStored,
    wanted: 'file: and a path, or env: and the name of a variable in capitals',
    advice: 'keep the content outside this file and name the place, such as file:secrets/tls.key',
  })

/** Content by reference that may also be a secret of the store. */
export const secretReference = (description: string) =>
  Type.Unsafe<string>({
    type: 'string',
    description,
    pattern: `^(?:${FILE_OR_VARIABLE}|store:${SECRET_NAME})$`,
    secret: true,
    wanted:
      'file: and a path, env: and the name of a variable in capitals, or store: and the name of a secret',
    advice:
      'keep the content outside this file and name the place, such as file:secrets/tls.key or store:tls-key',
  })

/** A point in time. */
export const pointInTime = (description: string) =>
  Type.Unsafe<string>({
    type: 'string',
    description,
    pattern: INSTANT_PATTERN,
    wanted: INSTANT_WANTED,
    advice: INSTANT_ADVICE,
  })

/** The shape check has seen 64 digits; colons and case are the operator's. */
export const normalizeFingerprint = (written: string): KeyFingerprint =>
  written.replaceAll(':', '').toLowerCase() as KeyFingerprint
