/** What the buttons beside the columns do to a draft: each sets one thing, and nothing takes effect. */
import { fail, ok, type Result, unreachable } from '../kernel/types.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { parsePem, pemOf } from '../x509/pem.ts'
import {
  resolveVerification,
  verificationChanges,
  type VerificationOverrides,
  type FileTlsSettings,
  type VerificationSetting,
  type ServerNameIndication,
  type Verification,
} from './verification.ts'

/** A press of one of them. */
export type VerificationEdit =
  | { readonly kind: 'set-strict'; readonly enabled: boolean }
  | { readonly kind: 'set-allow-untrusted'; readonly enabled: boolean }
  | { readonly kind: 'set-default-store'; readonly store: Verification['defaultStore'] }
  | { readonly kind: 'set-custom-store'; readonly enabled: boolean }
  /** Text of a PEM file with one certificate or several. */
  | { readonly kind: 'add-certificates'; readonly pem: string }
  /** By the SHA-256 of its DER, hexadecimal, with colons or without. */
  | { readonly kind: 'remove-certificate'; readonly sha256: string }
  /** `off`, `on` or a host name. */
  | { readonly kind: 'set-sni'; readonly sni: string }

/** Why it is turned down. */
export type EditFault =
  | { readonly kind: 'set-by-configuration-file'; readonly what: VerificationSetting | 'selection' }
  | { readonly kind: 'server-name-malformed'; readonly name: string }
  | { readonly kind: 'no-certificate' }
  | { readonly kind: 'certificate-unreadable'; readonly at: string; readonly why: string }
  | { readonly kind: 'already-trusted'; readonly sha256: string }
  | { readonly kind: 'not-trusted'; readonly sha256: string }
  | { readonly kind: 'too-many-certificates'; readonly found: number; readonly limit: number }

/** The choices after one press; what equals the default is no choice, and follows it. */
export function applyVerificationEdit(
  chosen: VerificationOverrides,
  edit: VerificationEdit,
  file: FileTlsSettings,
): Result<VerificationOverrides, readonly EditFault[]> {
  const setting = settingOf(edit)
  if (file.stated.includes(setting)) {
    return fail([{ kind: 'set-by-configuration-file', what: setting }])
  }
  const { customStore } = resolveVerification(chosen, file)
  switch (edit.kind) {
    case 'set-strict':
      return ok(withOverride(chosen, { strict: edit.enabled }, file))
    case 'set-allow-untrusted':
      return ok(withOverride(chosen, { allowUntrusted: edit.enabled }, file))
    case 'set-default-store':
      return ok(withOverride(chosen, { defaultStore: edit.store }, file))
    case 'set-custom-store': {
      const { certificates } = customStore
      return ok(
        withOverride(chosen, { customStore: { enabled: edit.enabled, certificates } }, file),
      )
    }
    case 'add-certificates': {
      const certificates = withCertificates(customStore.certificates, edit.pem)
      if (!certificates.ok) return certificates
      const { enabled } = customStore
      return ok(
        withOverride(chosen, { customStore: { enabled, certificates: certificates.value } }, file),
      )
    }
    case 'remove-certificate': {
      const certificates = withoutCertificate(customStore.certificates, edit.sha256)
      if (!certificates.ok) return certificates
      const { enabled } = customStore
      return ok(
        withOverride(chosen, { customStore: { enabled, certificates: certificates.value } }, file),
      )
    }
    case 'set-sni': {
      const sni = readSni(edit.sni)
      return sni.ok ? ok(withOverride(chosen, { sni: sni.value }, file)) : sni
    }
    default:
      return unreachable(edit)
  }
}

function settingOf({ kind }: VerificationEdit): VerificationSetting {
  switch (kind) {
    case 'set-strict':
      return 'strict'
    case 'set-allow-untrusted':
      return 'allowUntrusted'
    case 'set-default-store':
      return 'defaultStore'
    case 'set-custom-store':
    case 'add-certificates':
    case 'remove-certificate':
      return 'customStore'
    case 'set-sni':
      return 'sni'
  }
}

function withOverride(
  chosen: VerificationOverrides,
  change: VerificationOverrides,
  { verification }: FileTlsSettings,
): VerificationOverrides {
  const [setting] = Object.keys(change) as [VerificationSetting]
  const others = Object.fromEntries(
    Object.entries(chosen).filter(([other]) => other !== setting),
  ) as VerificationOverrides
  const differs = verificationChanges(verification, { ...verification, ...change }).length > 0
  return differs ? { ...others, ...change } : others
}

/**
 * The server name to send. As a configuration would read it, but for addresses, which SNI cannot carry (RFC 6066 §3).
 */
function readSni(written: string): Result<ServerNameIndication, readonly EditFault[]> {
  if (written === 'off' || written === 'on') return ok({ kind: written })
  const name = written.toLowerCase().replace(/\.$/, '')
  const isName = name.length <= 253 && name.split('.').every((label) => LABEL.test(label))
  return isName && !/(?:^|\.)[0-9]+$/.test(name)
    ? ok({ kind: 'name', name })
    : fail([{ kind: 'server-name-malformed', name: written }])
}

/** RFC 1123 §2.1; the underscore is what some internal names have all the same. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/

function withCertificates(
  known: readonly string[],
  text: string,
): Result<readonly string[], readonly EditFault[]> {
  const blocks = parsePem(text)
  if (!blocks.ok) {
    return fail(
      blocks.failure.map(({ line, message }) => ({
        kind: 'certificate-unreadable',
        at: `line ${line}`,
        why: message,
      })),
    )
  }
  if (blocks.value.length === 0) return fail([{ kind: 'no-certificate' }])
  const found = known.length + blocks.value.length
  if (found > MAX_CUSTOM_CERTIFICATES) {
    return fail([{ kind: 'too-many-certificates', found, limit: MAX_CUSTOM_CERTIFICATES }])
  }
  const faults: EditFault[] = []
  const certificates = [...known]
  for (const { der, line } of blocks.value) {
    const parsed = parseCertificate(der)
    const pem = pemOf(der)
    if (!parsed.ok) {
      faults.push({
        kind: 'certificate-unreadable',
        at: `line ${line}`,
        why: certificateFailureText(parsed.failure),
      })
    } else if (certificates.includes(pem)) {
      faults.push({ kind: 'already-trusted', sha256: parsed.value.fingerprint })
    } else certificates.push(pem)
  }
  return faults.length > 0 ? fail(faults) : ok(certificates)
}

type CertificateFailure = Extract<ReturnType<typeof parseCertificate>, { ok: false }>['failure']

const certificateFailureText = (failure: CertificateFailure): string =>
  failure.kind === 'certificate-malformed'
    ? failure.detail
    : `${failure.bytes} octets, more than ${failure.limit}`

function withoutCertificate(
  known: readonly string[],
  sha256: string,
): Result<readonly string[], readonly EditFault[]> {
  const wanted = sha256.replaceAll(':', '').toLowerCase()
  const left = known.filter((pem) => parseOneCertificate(pem)?.fingerprint !== wanted)
  return left.length === known.length ? fail([{ kind: 'not-trusted', sha256 }]) : ok(left)
}

/** The certificate of a PEM text that was taken before; nothing when it is none of ours. */
export function parseOneCertificate(pem: string): Certificate | undefined {
  const blocks = parsePem(pem)
  const [block, ...others] = blocks.ok ? blocks.value : []
  if (block === undefined || others.length > 0) return undefined
  const parsed = parseCertificate(block.der)
  return parsed.ok ? parsed.value : undefined
}

/** A company has a handful of internal CAs; all of them travel to every process with each change. */
export const MAX_CUSTOM_CERTIFICATES = 100
