/** The command that an operator runs next about a refusal, where there is one: it shows or changes what refused. */
import { shellWord } from '../../../kernel/shell-word.ts'
import type { StoredRefusal } from '../../../store/refusals/refusal-row.ts'

/** Returns a command line, to be typed as it is. */
export function nextCommand(refusal: StoredRefusal): string | undefined {
  const { certificate, device, outcome } = refusal
  if (outcome === 'failed') return 'tfe upstream errors'
  const made = COMMANDS.get(refusal.code)?.(refusal)
  if (made !== undefined) return made
  if (device !== undefined) return `tfe devices show ${shellWord(device)}`
  return certificate === undefined ? undefined : `tfe refusals --key ${certificate.key}`
}

type Command = (refusal: StoredRefusal) => string | undefined

const ofDevice =
  (verb: string): Command =>
  ({ device }) =>
    device === undefined ? undefined : `tfe devices ${verb} ${shellWord(device)}`

const ofSetting =
  (verb: string): Command =>
  ({ certificate }) =>
    certificate?.setting === undefined
      ? 'tfe ca list'
      : `tfe ${verb} ${shellWord(certificate.setting)}`

const undeny: Command = ({ code, certificate }) => {
  if (certificate === undefined) return undefined
  const { key, issuerKey, serial } = certificate
  if (code === 'denied-key') return `tfe deny remove ${key}`
  return issuerKey === undefined ? undefined : `tfe deny remove ${issuerKey}:${serial}`
}

const always =
  (command: string): Command =>
  () =>
    command

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['blocked', ofDevice('unblock')],
  ['unapproved', ofDevice('approve')],
  ['denied-key', undeny],
  ['denied-serial', undeny],
  ['distrusted', ofSetting('ca show')],
  ['staged', ofSetting('ca show')],
  ['sunset', ofSetting('ca show')],
  ['issued-after-retirement', ofSetting('ca show')],
  ['unknown-at-retirement', ofSetting('ca show')],
  ['revoked', ofSetting('crl show')],
  ['issuer-revoked', ofSetting('crl show')],
  ['revocation-unknown', ofSetting('crl show')],
  ['revocation-stale', ofSetting('crl show')],
  ['untrusted-issuer', always('tfe ca list')],
  ['self-signed', always('tfe ca list')],
  ['legacy-oauth-disabled', always('tfe oauth status')],
  ['oauth-disabled', always('tfe oauth status')],
  ['oauth-not-configured', always('tfe oauth status')],
  ['listener-closed', always('tfe port status')],
])
