/** The schema as editors read it: plain JSON Schema, and nothing required that has a default. */
import { configSchema } from './schema.ts'

/** Text of config/tfe.schema.json. */
export function jsonSchemaText(): string {
  const plain = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Trusted Front End',
    ...forEditors(JSON.parse(JSON.stringify(configSchema))),
  }
  return `${JSON.stringify(plain, undefined, 2)}\n`
}

/** What only our own check and reference understand; a strict editor would complain about it. */
const INTERNAL_KEYWORDS: ReadonlySet<string> = new Set([
  'advice',
  'lengthBetween',
  'secret',
  'sizeBetween',
  'wanted',
])

function forEditors(schema: unknown): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  if (typeof schema !== 'object' || schema === null) return plain
  for (const [keyword, value] of Object.entries(schema)) {
    if (INTERNAL_KEYWORDS.has(keyword)) continue
    if (keyword === 'properties') plain[keyword] = eachForEditors(value)
    else if (keyword === 'required') {
      const required = withoutDefaults(value, Reflect.get(schema, 'properties'))
      if (required.length > 0) plain[keyword] = required
    } else if (keyword !== 'default' && typeof value === 'object' && !Array.isArray(value)) {
      plain[keyword] = forEditors(value)
    } else plain[keyword] = value
  }
  return plain
}

const eachForEditors = (properties: unknown): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(properties ?? {}).map(([key, schema]) => [key, forEditors(schema)]),
  )

const withoutDefaults = (required: unknown, properties: unknown): readonly string[] =>
  (Array.isArray(required) ? required.map(String) : []).filter((key) => {
    const property: unknown = Reflect.get(Object(properties), key)
    return !Object.hasOwn(Object(property), 'default')
  })
