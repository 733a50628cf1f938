/** Whom the configuration trusts to have named a device, and how strictly. */
import { countText } from '../../kernel/count-text.ts'
import type { Standing } from '../../decide/policy.ts'
import { type Instant, unreachable } from '../../kernel/types.ts'
import type { Config } from '../../config/config.ts'
import type { CrlSettings } from '../../config/trust/types.ts'
import { placeText } from '../../trust/list-source.ts'
import { agentRuleText } from '../../message/agent.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { printName } from '../../x509/print-name.ts'
import { type Row, twoColumns } from '../text-layout.ts'
import { dayText, expiryText, relativeDayText, durationText } from '../../kernel/time-text.ts'

/** Enforcement first, then each enrollment setting with its anchors. */
export function trust(
  config: Config,
  compiled: CompiledConfig | undefined,
  now: Instant,
): readonly string[] {
  const { enforcement, grace, renewalWindow, withoutGrace } = config
  const { denied, profile } = config.trust
  const settings = config.trust.enrollmentSettings.map(({ name, standing }): Row => [
    name,
    standingText(standing, now),
  ])
  const denials = denied.keys.size + denied.serials.size
  return [
    enforcement === 'required'
      ? `  enforcement: required${compiled === undefined ? '' : SAID_BY[compiled.enforcement.saidBy]}; a device without a fit certificate is refused`
      : '  enforcement: RECORDING; a device without a fit certificate is written down and admitted, unnamed',
    grace === 0
      ? '  no grace: an expired certificate opens nothing'
      : `  grace: ${durationText(grace)} after its expiry a certificate still opens renewal routes`,
    `  renewal window: from ${durationText(renewalWindow)} before its expiry a certificate is due for renewal`,
    ...withoutGrace.map(
      (rule) => `  no grace for clients that call themselves ${agentRuleText(rule)}`,
    ),
    `  profile: ${profile}; ${profile === 'strict' ? 'any departure from RFC 5280 is refused' : 'harmless departures from RFC 5280 are noted'}`,
    `  deny list: ${denials === 0 ? 'empty' : countText(denials, 'entry', 'entries')}`,
    ...twoColumns(settings),
    ...(compiled?.trust.anchors ?? []).map(
      ({ certificate, setting }) =>
        `    ${setting}: ${printName(certificate.subject)}, ${expiryText(certificate.notAfter, now)}`,
    ),
    ...config.trust.enrollmentSettings.flatMap(({ name, crl }) =>
      crl === undefined ? [] : revocationLines(name, crl),
    ),
  ]
}

/** Named, not read: `tfe explain` reads them. */
function revocationLines(name: string, crl: CrlSettings): readonly string[] {
  const { lists, failure, grace, refresh } = crl
  const graceText =
    failure === 'hard-fail' && grace > 0 ? `, ${durationText(grace)} after its end` : ''
  return [
    `    ${name}: revocation lists, ${failure}${graceText}, asked for every ${durationText(refresh)}`,
    ...lists.map((source) => `      ${placeText(source)}`),
  ]
}

function standingText(standing: Standing, now: Instant): string {
  switch (standing.kind) {
    case 'current':
      return 'current: admits, and issues to devices going forward'
    case 'staged':
      return 'staged: admits no device yet'
    case 'distrusted':
      return 'distrusted: admits no device'
    case 'previously-trusted': {
      const { retiredAt, sunset } = standing
      const end =
        sunset === undefined ? '' : `, until ${dayText(sunset)}, ${relativeDayText(sunset, now)}`
      return `previously trusted: admits what it issued up to ${dayText(retiredAt)}${end}`
    }
    default:
      return unreachable(standing)
  }
}

const SAID_BY = {
  latch: ' for good, by the latch of the store',
  file: ' by this file, and not for good',
  store: ' by the store',
  profile: '',
} as const
