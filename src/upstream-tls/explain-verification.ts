/** Strict TLS, trust stores and SNI in the operator's words: what was turned down, what to know, what changes. */
import { unreachable } from '../kernel/types.ts'
import { printName } from '../x509/print-name.ts'
import { parseOneCertificate } from './custom-certificates.ts'
import type { DraftFault } from './read-draft.ts'
import type { SelectionFault } from './selection.ts'
import type { VerificationSetting, VerificationChange, VerificationNotice } from './verification.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** What a setting is called on the page. */
export const SETTING_TITLES: Readonly<Record<VerificationSetting, string>> = {
  strict: 'Enable Strict TLS',
  allowAndLog: 'Allow and Log untrusted servers',
  defaultStore: 'Enable Default Trust Store',
  customStore: 'Enable Custom Trust Store',
  sni: 'Enable SNI',
}

/** Why a change of them was turned down. */
export function explainVerification(fault: Exclude<DraftFault, SelectionFault>): Explanation {
  switch (fault.kind) {
    case 'set-by-configuration-file':
      return {
        sentence: `${fault.what === 'selection' ? 'the selection of protocols, cipher suites and groups' : SETTING_TITLES[fault.what]} is set by the configuration file`,
        nextStep: 'change it there, or take it out of the file to change it here',
      }
    case 'allow-and-log-without-strict':
      return {
        sentence:
          'Allow and Log untrusted servers is on, and Enable Strict TLS, whose option it is, is off',
        nextStep:
          'turn Allow and Log untrusted servers off: without strict TLS any server is used and logged; or turn strict TLS on, and only the trust stores are not asked',
      }
    case 'empty-trust-store':
      return {
        sentence: 'Enable Strict TLS is on, and no trust store has a certificate in it',
        nextStep: 'enable the default trust store, or upload a CA to the custom one and enable it',
      }
    case 'server-name-malformed':
      return {
        sentence: `${fault.name} is no server name that can be sent`,
        nextStep: 'write a host name without scheme and port, or off, or on',
      }
    case 'no-certificate':
      return {
        sentence: 'there is no certificate in what was uploaded',
        nextStep: 'upload PEM: convert it with `openssl x509`',
      }
    case 'certificate-unreadable':
      return {
        sentence: `what was uploaded cannot be read, in ${fault.at}: ${fault.why}`,
        nextStep: 'export the certificate as PEM again; nothing of the upload was taken',
      }
    case 'already-trusted':
      return {
        sentence: `the certificate ${fault.sha256} is in the custom trust store already`,
        nextStep: 'nothing to do',
      }
    case 'too-many-certificates':
      return {
        sentence: `the custom trust store would hold ${fault.found} certificates, more than ${fault.limit}`,
        nextStep: 'upload the CAs alone, not the certificates that they issued',
      }
    default:
      return unreachable(fault)
  }
}

/** What Allow and Log untrusted servers gives up; the rest of strict TLS holds. */
export const UNTRUSTED_ALLOWED =
  'servers that no trust store vouches for are used: whatever server shows the right name, and a pinned key where keys are pinned, is handed requests and, where the upstream is told who the devices are, the client certificate field; each such connection is logged and counted'

/** What to know about settings that can be applied. */
export function explainVerificationNotice(notice: VerificationNotice): string {
  switch (notice.kind) {
    case 'unverified':
      return 'anybody on the way can pose as the upstream and, where the upstream is told who the devices are, is told so as well; each such connection is logged and counted'
    case 'untrusted-servers-allowed':
      return UNTRUSTED_ALLOWED
    case 'idle-allow-and-log':
      return 'Allow and Log untrusted servers: no effect while Enable Strict TLS is off'
    case 'idle-certificates':
      return `${notice.count} uploaded ${notice.count === 1 ? 'certificate' : 'certificates'}: no effect while Enable Custom Trust Store is off`
    case 'empty-custom-store':
      return 'Enable Custom Trust Store: no effect, nothing was uploaded'
    default:
      return unreachable(notice)
  }
}

/** A difference in one setting, for the confirmation. */
export function explainVerificationChange(change: VerificationChange): string {
  const parts = change.from === change.to ? [] : [`from ${change.from} to ${change.to}`]
  if (change.setting === 'customStore') {
    const { added, removed } = change
    parts.push(
      ...(added.length === 0 ? [] : [`adds ${added.map(certificateText).join(', ')}`]),
      ...(removed.length === 0 ? [] : [`removes ${removed.map(certificateText).join(', ')}`]),
    )
  }
  return `${SETTING_TITLES[change.setting]}: ${parts.join('; ')}`
}

/** A name is whatever its owner wrote; the fingerprint tells two apart. */
function certificateText(pem: string): string {
  const certificate = parseOneCertificate(pem)
  if (certificate === undefined) return 'a certificate that cannot be read'
  const subject = printName(certificate.subject)
  return `${subject === '' ? 'a certificate without a subject' : subject} (SHA-256 ${certificate.fingerprint.slice(0, 16)}…)`
}
