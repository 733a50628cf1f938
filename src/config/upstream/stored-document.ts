/** The schema of the upstream TLS settings in the store; `upstream-tls/document.ts` says what they mean. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Type } from 'typebox'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import {
  toCurrentVersion,
  type StoredTlsSettings,
  type StoredTlsSettingsV1,
  type TlsSettingsDocument,
} from '../../upstream-tls/document.ts'
import { MAX_CUSTOM_CERTIFICATES } from '../../upstream-tls/custom-certificates.ts'
import { PROTOCOLS } from '../../upstream-tls/suite.ts'
import { DEFAULT_STORES } from '../../upstream-tls/verification.ts'
import type { FormerOverrides } from '../../upstream-tls/allow-and-log.ts'
import { MAX_CERTIFICATE_BYTES } from '../../x509/certificate.ts'
import { group, choice } from '../reading/schema-types.ts'
import { describeValue, quoted } from '../reading/fault-text.ts'

// OpenSSL's longest name has 29 characters; a runtime offers some seventy suites, pre-shared keys and all.
const name = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  wanted: "a name in OpenSSL's spelling",
})
const names = Type.Array(name, { maxItems: 500, wanted: 'a list of names' })
const protocols = Type.Array(choice('A protocol.', PROTOCOLS), { maxItems: 5, wanted: 'a list' })

const selection = group('Selected columns.', { protocols, suites: names, groups: names })

const applied = Type.Unsafe<TlsSettingsDocument['applied']>({
  type: 'object',
  wanted: 'a mapping of keys',
  // Only the faults of the alternative that `kind` names are told.
  discriminator: { propertyName: 'kind' },
  required: ['kind'],
  oneOf: [
    group('Use Default.', { kind: Type.Literal('default') }),
    group('Use Custom Configuration.', { kind: Type.Literal('custom'), selection }),
  ],
})
const draft = { mode: choice('What is chosen.', ['default', 'custom']), selection }
const seen = { offered: selection, default: selection }
const flag = Type.Boolean({ wanted: 'true or false' })
const settings = {
  strict: flag,
  defaultStore: choice('Enable Default Trust Store.', DEFAULT_STORES),
  sni: Type.Unsafe<NonNullable<FormerOverrides['sni']>>({
    type: 'object',
    wanted: 'a mapping of keys',
    discriminator: { propertyName: 'kind' },
    required: ['kind'],
    oneOf: [
      group('Off.', { kind: Type.Literal('off') }),
      group('The host that is called.', { kind: Type.Literal('on') }),
      group('A given name.', {
        kind: Type.Literal('name'),
        name: Type.String({ pattern: '^[a-z0-9_.-]{1,253}$', wanted: 'a host name' }),
      }),
    ],
  }),
}
const customStore = group('Enable Custom Trust Store.', {
  enabled: flag,
  certificates: Type.Array(
    // Base64 and its line breaks take four octets for three, and a little.
    Type.String({ maxLength: MAX_CERTIFICATE_BYTES * 1.5, wanted: 'a certificate in PEM' }),
    { maxItems: MAX_CUSTOM_CERTIFICATES, wanted: 'a list of certificates' },
  ),
})
const chosen = Type.Unsafe<FormerOverrides>(
  group('What was set otherwise than the default.', {
    strict: Type.Optional(settings.strict),
    allowAndLog: Type.Optional(flag),
    // Of the time when Allow and Log was the signature under strict TLS being off.
    allowUntrusted: Type.Optional(flag),
    defaultStore: Type.Optional(settings.defaultStore),
    customStore: Type.Optional(customStore),
    sni: Type.Optional(settings.sni),
  }),
)

const schemaV1 = group('Protocols, suites and groups.', {
  version: Type.Literal(1, { wanted: 'version 1' }),
  applied,
  draft: group('What is drafted.', draft),
  seen: group('What was offered and default when this was written.', seen),
})

const schemaV2 = group('Upstream TLS settings.', {
  version: Type.Literal(2, { wanted: 'version 2' }),
  applied,
  chosen,
  draft: group('What is drafted.', { ...draft, chosen }),
  seen: group('What was offered and default when this was written.', {
    ...seen,
    settings: Type.Optional(
      group('Strict TLS, trust and SNI.', { ...settings, allowUntrusted: Type.Optional(flag) }),
    ),
  }),
})

const ajv = new Ajv2020({ allErrors: true, discriminator: true, strict: false, verbose: true })
const plain = (schema: object): object => JSON.parse(JSON.stringify(schema)) as object
const isVersion1 = ajv.compile<StoredTlsSettingsV1>(plain(schemaV1))
const isVersion2 = ajv.compile<StoredTlsSettings>(plain(schemaV2))

/** A stored document, or everything in it that this version does not understand, each by name. */
export function parseTlsSettingsDocument(
  stored: unknown,
): Result<TlsSettingsDocument, readonly Fault[]> {
  // Read forward only: what is written is always of today's version.
  const isFirst = stored instanceof Object && 'version' in stored && stored.version === 1
  const fits = isFirst ? isVersion1 : isVersion2
  if (fits(stored)) return ok(toCurrentVersion(stored))
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
        message: `found ${describeValue(data)}, which this version does not understand: it was written by another one`,
      }
    }),
  )
}
