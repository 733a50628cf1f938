/**
 * Checks plain data against a schema: every fault at once, defaults filled in, and what was faulty taken out,
 * so that the rest can still be read and its own faults found in the same run.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { TSchema } from 'typebox'
import { faultText } from './fault-text.ts'
import type { Path, LocatedFault, YamlText } from './yaml-text.ts'
import { parseDuration, parseSize } from './units.ts'

/** Checks the shape of a text that could be read against a compiled schema. */
export function checkShape(
  validate: ValidateFunction,
  text: YamlText,
): {
  readonly document: Readonly<Record<string, unknown>>
  readonly faults: readonly LocatedFault[]
} {
  const data = structuredClone(text.data)
  validate(data)
  const errors = (validate.errors ?? []).filter(isPrimary)
  const faults = errors.flatMap((error) => {
    const path = pathOf(error)
    if (text.rejected.some((broken) => isBelow(path, broken))) return []
    return [text.faultAt(path, faultText(error), pointsAtKey(error) ? 'key' : 'value')]
  })
  if (!isRecord(data)) return { document: {}, faults }
  for (const error of errors) if (error.keyword !== 'required') removeAt(data, pathOf(error))
  for (const path of text.rejected) removeAt(data, path)
  // Once more for the defaults of what was taken out; its faults are known.
  validate(data)
  return { document: data, faults }
}

const ajv = new Ajv2020({
  allErrors: true,
  allowUnionTypes: true,
  strict: true,
  useDefaults: true,
  verbose: true,
})
ajv.addVocabulary(['wanted', 'advice', 'secret', 'notStored'])
for (const [keyword, parse] of [
  ['lengthBetween', parseDuration],
  ['sizeBetween', parseSize],
] as const) {
  const read = (text: string): number | undefined => {
    const parsed = parse(text)
    return parsed.ok ? parsed.value : undefined
  }
  ajv.addKeyword({
    keyword,
    type: 'string',
    schemaType: 'array',
    validate: ([low, high]: readonly [string, string], written: string) => {
      const value = read(written)
      // What cannot be read has failed its pattern already.
      if (value === undefined) return true
      return value >= (read(low) ?? 0) && value <= (read(high) ?? 0)
    },
  })
}

/** Compiles a schema, through JSON, so that ajv sees what editors see. */
export const shapeValidator = (schema: TSchema): ValidateFunction =>
  ajv.compile(JSON.parse(JSON.stringify(schema)))

/** Inside `propertyNames` ajv reports the failed pattern as well as the name; the name says it all. */
const isPrimary = (error: ErrorObject): boolean => error.propertyName === undefined

const pointsAtKey = ({ keyword }: ErrorObject): boolean =>
  keyword === 'additionalProperties' || keyword === 'propertyNames' || keyword === 'required'

/** The way to what is faulty: for an unknown key the key, for a missing one the mapping that lacks it. */
function pathOf({ instancePath, keyword, params }: ErrorObject): Path {
  const path: (string | number)[] = instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^(?:0|[1-9][0-9]*)$/.test(step) ? Number(step) : step))
  if (keyword === 'additionalProperties') path.push(String(params['additionalProperty']))
  if (keyword === 'propertyNames') path.push(String(params['propertyName']))
  return path
}

const isBelow = (path: Path, outer: Path): boolean =>
  outer.every((step, index) => String(path[index]) === String(step))

/** Makes a hole: a key is deleted, an item becomes undefined so that its neighbours keep their places. */
function removeAt(data: unknown, path: Path): void {
  const last = path.at(-1)
  let holder: unknown = data
  for (const step of path.slice(0, -1)) {
    if (Array.isArray(holder)) holder = holder[Number(step)]
    else if (isRecord(holder)) holder = holder[step]
  }
  if (last === undefined) return
  if (Array.isArray(holder)) holder[Number(last)] = undefined
  else if (isRecord(holder)) delete holder[last]
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
