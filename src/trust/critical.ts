import type { Certificate } from '../x509/certificate.ts'
import { EXTENSION } from '../x509/extensions.ts'

/**
 * The first critical extension that the judge does not apply, as RFC 5280 §4.2 wants it refused. Key identifiers
 * and authority information access are read, but only as hints: a CA that marks them as critical asks for more.
 */
export function unknownCriticalExtension({ extensions }: Certificate): string | undefined {
  return extensions.all.find(({ oid, critical }) => critical && !APPLIED.has(oid))?.oid
}

const APPLIED: ReadonlySet<string> = new Set([
  EXTENSION.keyUsage,
  EXTENSION.subjectAltName,
  EXTENSION.basicConstraints,
  EXTENSION.nameConstraints,
  EXTENSION.certificatePolicies,
  EXTENSION.policyMappings,
  EXTENSION.policyConstraints,
  EXTENSION.extendedKeyUsage,
  EXTENSION.inhibitAnyPolicy,
])
