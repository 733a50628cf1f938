import type { Config } from '../../../config/config.ts'
import type { EnrollmentSetting } from '../../../config/trust/types.ts'
import { placeText } from '../../../trust/list-source.ts'
import { isoText } from '../../../kernel/types.ts'
import { agentRuleText } from '../../../message/agent.ts'
import type { CompiledConfig } from '../../../state/compiled-config.ts'
import { printName } from '../../../x509/print-name.ts'

/** Whom the configuration trusts to have named a device, and how strictly. */
export function trustFacts(config: Config, compiled: CompiledConfig | undefined): object {
  const { enforcement, grace, renewalWindow, withoutGrace, trust } = config
  return {
    enforcement,
    grace_ms: grace,
    without_grace: withoutGrace.map(agentRuleText),
    renewal_window_ms: renewalWindow,
    trust: {
      profile: trust.profile,
      denied: trust.denied.keys.size + trust.denied.serials.size,
      enrollment_settings: trust.enrollmentSettings.map((one) => settingFacts(one, compiled)),
    },
  }
}

function settingFacts(
  { name, source, standing, crl }: EnrollmentSetting,
  compiled: CompiledConfig | undefined,
): object {
  const retired = standing.kind === 'previously-trusted' ? standing : undefined
  return {
    name,
    source,
    standing: standing.kind,
    retired_at: retired === undefined ? null : isoText(retired.retiredAt),
    cut_off: retired?.cutOff ?? null,
    sunset: retired?.sunset === undefined ? null : isoText(retired.sunset),
    anchors:
      compiled?.trust.anchors
        .filter(({ setting }) => setting === name)
        .map(({ certificate }) => ({
          subject: printName(certificate.subject),
          not_after: isoText(certificate.notAfter),
        })) ?? null,
    revocation_lists:
      crl === undefined
        ? null
        : {
            failure: crl.failure,
            grace_ms: crl.grace,
            refresh_ms: crl.refresh,
            places: crl.lists.map(placeText),
          },
  }
}
