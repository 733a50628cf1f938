/** The shape of a stored page of outgoing TLS; `outgoing/document.ts` says what it means. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Type } from 'typebox'
import { fail, ok, type Fault, type Result } from '../kernel/types.ts'
import type { PageDocument } from '../outgoing/document.ts'
import { PROTOCOLS } from '../outgoing/suite.ts'
import { group, word } from './schema-kinds.ts'
import { described, quoted } from './sentences.ts'

// OpenSSL's longest name has 29 characters; a runtime offers some seventy suites, pre-shared keys and all.
const name = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  wanted: "a name in OpenSSL's spelling",
})
const names = Type.Array(name, { maxItems: 500, wanted: 'a list of names' })
const protocols = Type.Array(word('A protocol.', PROTOCOLS), { maxItems: 5, wanted: 'a list' })

const selection = group('Selected columns.', { protocols, suites: names, groups: names })

const schema = group('A page of outgoing TLS.', {
  version: Type.Literal(1, { wanted: 'version 1' }),
  applied: Type.Unsafe<PageDocument['applied']>({
    type: 'object',
    wanted: 'a mapping of keys',
    // Only the faults of the alternative that `kind` names are told.
    discriminator: { propertyName: 'kind' },
    required: ['kind'],
    oneOf: [
      group('Use Default.', { kind: Type.Literal('default') }),
      group('Use Custom Configuration.', { kind: Type.Literal('custom'), selection }),
    ],
  }),
  draft: group('What is drafted.', {
    mode: word('What is chosen.', ['default', 'custom']),
    selection,
  }),
  seen: group('What was offered and default when this was written.', {
    offered: selection,
    default: selection,
  }),
})

const ajv = new Ajv2020({ allErrors: true, discriminator: true, strict: false, verbose: true })
const fits = ajv.compile<PageDocument>(JSON.parse(JSON.stringify(schema)))

/** A stored document, or everything in it that this version does not understand, each by name. */
export function parsePageDocument(stored: unknown): Result<PageDocument, readonly Fault[]> {
  if (fits(stored)) return ok(stored)
  return fail(
    (fits.errors ?? []).map(({ instancePath, keyword, params, data }) => {
      const at = instancePath.slice(1).replaceAll('/', '.')
      if (keyword === 'additionalProperties') {
        const key = quoted(String(params['additionalProperty']))
        return {
          at,
          message: `found the unknown key ${key}, wanted none: it was written by another version`,
        }
      }
      if (keyword === 'required') {
        return {
          at,
          message: `found no ${String(params['missingProperty'])}, wanted one: it was written by another version`,
        }
      }
      return {
        at,
        message: `found ${described(data)}, which this version does not understand: it was written by another one`,
      }
    }),
  )
}
