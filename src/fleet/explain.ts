/**
 * What the fleet's rules answer, in words: a sentence for what was found, and the operator's next step.
 */
import { countText } from '../kernel/count-text.ts'
import { unreachable } from '../kernel/types.ts'
import { callerWarningText } from './callers.ts'
import type { LatchRefusal, EnforcementWarning } from './enforcement.ts'
import type { CloseRefusal } from './migration.ts'
import type { OAuthRefusal } from './oauth.ts'
import type { OAuthUnconfigured } from './oauth-rows.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** Why the sync port stays open. */
export function explainCloseRefusal(why: CloseRefusal): Explanation {
  switch (why.kind) {
    case 'mutual-authentication-off':
      return {
        sentence: 'certificates are not required, so devices still need the sync port',
        nextStep: 'require certificates first',
      }
    case 'required-by-file-alone':
      return REQUIRED_BY_FILE_ALONE
    case 'devices-pending':
      return {
        sentence: `${devices(why.pending)} still to migrate to 443`,
        nextStep:
          'wait for their next check-in, upgrade their agents, or force it and enrol them again',
      }
    case 'devices-never-met':
      return {
        sentence: `${devices(why.neverMet)} in the inventory and never showed a certificate on any port`,
        nextStep:
          'forget those that are gone, mark known hosts that have no client (`tfe devices silent`), or force it',
      }
    case 'connections-unidentified':
      return {
        sentence: `${countText(why.unidentified, 'connection')} on the sync port carried octets both ways and could not be told to be a known device`,
        nextStep:
          '`tfe port status` has their addresses and times: find out who they are, or force it',
      }
    default:
      return unreachable(why)
  }
}

/** Why an OAuth endpoint stays as it is. */
export function explainOAuthRefusal(why: OAuthRefusal): Explanation {
  switch (why.kind) {
    case 'certificates-not-required':
      return {
        sentence: 'the new OAuth endpoint needs certificates to be required',
        nextStep: 'require certificates first',
      }
    case 'required-by-file-alone':
      return REQUIRED_BY_FILE_ALONE
    case 'devices-pending':
      return {
        sentence: `${devices(why.pending)} still to migrate to 443`,
        nextStep: 'enable the new endpoint when the last one has',
      }
    case 'sync-port-open':
      return {
        sentence: 'devices may still check in on the sync port',
        nextStep: 'close the sync port first',
      }
    case 'confirmation-missing':
      return {
        sentence: `disabling the legacy endpoint was confirmed ${why.given} of ${countText(why.wanted, 'time')}`,
        nextStep: 'confirm it again: the watchOS app stops working with it',
      }
    case 'both-disabled':
      return {
        sentence: 'without both endpoints no client could get a token',
        nextStep: 'enable the other endpoint first',
      }
    default:
      return unreachable(why)
  }
}

/** What an upgrade does to a row of the new OAuth endpoint that was never enabled. */
export function explainOAuthUnconfigured({ row, listener, unmet }: OAuthUnconfigured): Explanation {
  const first = unmet.map((why) => explainOAuthRefusal(why).sentence).join('; ')
  return {
    sentence: `the row ${row} of the listener ${listener} is the new OAuth endpoint, which is not configured: its requests are refused (oauth-not-configured)`,
    nextStep:
      unmet.length === 0
        ? 'run `tfe oauth enable-new`'
        : `run \`tfe oauth enable-new\` once nothing speaks against it any more (${first}); until then clients use the legacy endpoint`,
  }
}

/** Why certificates are not required yet. */
export function explainLatchRefusal(why: LatchRefusal): Explanation {
  switch (why.kind) {
    case 'already-required':
      return {
        sentence: 'certificates are required already',
        nextStep: 'none; it cannot be undone here',
      }
    case 'phrase-wrong':
      return {
        sentence: 'the phrase that confirms it was not typed to the letter',
        nextStep: `type \`${why.wanted}\``,
      }
    case 'warnings-changed':
      return {
        sentence: 'what speaks against it has changed since it was shown',
        nextStep: 'read the warnings again, and confirm again',
      }
    default:
      return unreachable(why)
  }
}

/** A warning before certificates are required. */
export function enforcementWarningText(warning: EnforcementWarning): string {
  switch (warning.kind) {
    case 'irreversible':
      return 'once certificates are required, this cannot be undone'
    case 'devices-refused':
      return `${devices(warning.devices)} known and would be refused from then on`
    case 'agents-too-old':
      return `the agents of ${countText(warning.devices, 'device')} are too old to authenticate`
    case 'no-information':
      return `it is unknown how ${countText(warning.devices, 'device')} would fare: ${warning.devices === 1 ? 'it has' : 'they have'} not tried to authenticate`
    case 'devices-without-certificate':
    case 'unknown-requests-refused':
      return callerWarningText(warning)
    case 'success-rate-low':
      return `${percent(warning.rate)} of the devices that tried have succeeded, and ${percent(warning.wanted)} are wanted`
    case 'instances-lack-key':
      return `secrets are sealed with the new key ${warning.version} from then on, and ${warning.instances.join(', ')} cannot open them before the key is brought there: \`tfe keys export\`, \`tfe keys import\``
    case 'no-new-key':
      return `no new sealing key comes with it, because ${warning.why}: make one first with \`tfe keys new\`, or go on with the key that there is`
    default:
      return unreachable(warning)
  }
}

const REQUIRED_BY_FILE_ALONE: Explanation = {
  sentence: 'certificates are required by the configuration file alone, which is not for good',
  nextStep: 'run `tfe enforce require` first, which throws the latch',
}

const devices = (count: number): string =>
  `${countText(count, 'device')} ${count === 1 ? 'is' : 'are'}`

/** Rounded down: a fleet that is not whole must not look so. */
const percent = (rate: number): string => `${Math.floor(rate * 1000) / 10} %`
