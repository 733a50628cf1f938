/**
 * A refusal in words: for the log, the portal and `tfe explain`, never for the device. The sentence names the
 * facts; the next step is the operator's.
 */
import { isoText, unreachable } from '../kernel/types.ts'
import { printName } from '../x509/print-name.ts'
import type { Name } from '../x509/name.ts'
import { explainMatch } from './explain-match.ts'
import { explainPath } from './explain-path.ts'
import { explainRevocation } from './explain-revocation.ts'
import type { Refusal, RefusalCode, Unreadable, Untimely, CaRefused } from './refusal.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** What an operator reads about a refusal. */
export interface RefusalExplanation extends Explanation {
  readonly code: RefusalCode
}

/** Explains a refusal. */
export const explain = (why: Refusal): RefusalExplanation => ({
  code: why.kind,
  ...explainRefusal(why),
})

/** What enabling the new OAuth endpoint takes (S0-29). */
const ENABLING =
  'which wants certificates required, every device migrated and the sync port closed; until then clients use the legacy endpoint, unless it is disabled'

function explainRefusal(why: Refusal): Explanation {
  switch (why.kind) {
    case 'route-denied':
      return {
        sentence: 'this path is never forwarded from devices',
        nextStep: 'reach it over the management network, or change its row if devices need it',
      }
    case 'address-not-allowed':
      return {
        sentence: `the row is open to ${why.networks.join(', ') || 'no network'} only, and the request came from ${why.address}`,
        nextStep:
          'none if that is meant; otherwise add the network to `allow` of the row, or to `access` of its class',
      }
    case 'no-certificate':
      return {
        sentence: 'the device showed no certificate',
        nextStep: 'enrol the device, or find out why its client does not send the one it has',
      }
    case 'resumed-without-certificate':
      return {
        sentence: 'the device resumed a TLS session that had begun without a certificate',
        nextStep:
          'none, its next connection starts afresh; if this repeats, turn resumption off on the listener',
      }
    case 'legacy-oauth-disabled':
      return {
        sentence: 'the legacy OAuth endpoint is disabled',
        nextStep: 'let the client use the new endpoint, or enable the legacy one again',
      }
    case 'oauth-not-configured':
      return {
        sentence:
          'the new OAuth endpoint is not configured: it serves once an administrator has enabled it',
        nextStep: `run \`tfe oauth enable-new\`, ${ENABLING}`,
      }
    case 'oauth-disabled':
      return {
        sentence: 'the new OAuth endpoint is disabled',
        nextStep: `run \`tfe oauth enable-new\`, ${ENABLING}`,
      }
    case 'blocked':
      return {
        sentence:
          why.id === undefined
            ? `the device with the key ${why.key} is blocked`
            : `the device with the signed id ${why.id} is blocked, and the certificate names that id`,
        nextStep:
          'none if that is meant; otherwise lift the block (`tfe devices unblock`), and where devices are approved by hand approve it again',
      }
    case 'too-many-ids':
      return {
        sentence: `the device's certificate names ${why.found} device ids, more than the ${why.limit} we look at`,
        nextStep:
          'issue it anew with the ids of this one device; if all are like that, correct the template',
      }
    case 'unapproved':
      return {
        sentence:
          why.because === 'sensitive'
            ? `the route is for approved devices, and the one with the key ${why.key} is not approved`
            : `from outside the route is for approved devices, and the one with the key ${why.key} is not approved`,
        nextStep: 'approve the device',
      }
    case 'denied-key':
      return {
        sentence: `the device's key ${why.key} is on the deny list`,
        nextStep: 'none if that is meant; otherwise take the key off the list',
      }
    case 'denied-serial':
      return {
        sentence: `serial ${why.serial} of the CA with the key ${why.issuerKey} is on the deny list`,
        nextStep: 'none if that is meant; otherwise take the serial off the list',
      }
    case 'certificate-malformed':
    case 'certificate-too-large':
    case 'chain-too-large':
    case 'no-room-for-chain':
      return explainUnreadable(why)
    case 'match-rule-unmet':
      return explainMatch(why)
    case 'denied-issuer':
    case 'distrusted':
    case 'staged':
    case 'sunset':
    case 'issued-after-retirement':
    case 'unknown-at-retirement':
      return explainCaRefused(why)
    case 'issuer-not-yet-valid':
    case 'issuer-expired':
    case 'not-yet-valid':
    case 'expired':
    case 'expired-without-grace':
    case 'expired-beyond-grace':
      return explainUntimely(why)
    case 'revoked':
    case 'issuer-revoked':
    case 'revocation-unknown':
    case 'revocation-stale':
      return explainRevocation(why)
    case 'untrusted-issuer':
    case 'self-signed':
    case 'path-too-long':
    case 'unfit-anchor':
    case 'budget-exhausted':
    case 'bad-signature':
    case 'weak-signature':
    case 'weak-key':
    case 'unsupported-signature':
    case 'unsupported-key':
    case 'wrong-purpose':
    case 'wrong-key-usage':
    case 'unknown-critical-extension':
    case 'departs-from-profile':
    case 'not-a-ca':
    case 'ca-may-not-sign':
    case 'path-length-exceeded':
    case 'no-common-policy':
    case 'policy-mapping-malformed':
    case 'name-constraints-malformed':
    case 'name-not-permitted':
    case 'name-excluded':
    case 'name-undecidable':
      return explainPath(why)
    default:
      return unreachable(why)
  }
}

function explainUnreadable(why: Unreadable): Explanation {
  switch (why.kind) {
    case 'certificate-malformed':
      return {
        sentence: `the device's certificate cannot be read: ${why.detail}`,
        nextStep:
          'issue it anew; if all certificates of its CA are like that, correct the template',
      }
    case 'certificate-too-large':
      return {
        sentence: `the device's certificate has ${why.bytes} octets, more than the ${why.limit} we read`,
        nextStep: 'issue it anew without the extensions that make it so large',
      }
    case 'chain-too-large':
      return {
        sentence: `the device presented certificates of ${why.bytes} octets together, more than the ${why.limit} that a connection may hold`,
        nextStep: 'let it send its own certificate and the intermediates of one path, nothing else',
      }
    case 'no-room-for-chain':
      return {
        sentence: `the device presented certificates of ${why.bytes} octets together while connections that no trusted CA vouches for held all of the ${why.limit} that they may hold`,
        nextStep:
          'find out from the log who opens connections with large chains and keep them away; a device of the fleet needs its own certificate and the intermediates of one path, nothing else',
      }
    default:
      return unreachable(why)
  }
}

function explainCaRefused(why: CaRefused): Explanation {
  switch (why.kind) {
    case 'denied-issuer':
      return {
        sentence: `the key ${why.key} of the CA ${text(why.issuer)} is on the deny list`,
        nextStep:
          'enrol the device under another CA; nothing issued with this key is admitted again',
      }
    case 'distrusted':
      return {
        sentence: `the enrollment setting ${why.setting} is distrusted or gone`,
        nextStep: 'enrol the device under the current enrollment setting',
      }
    case 'staged':
      return {
        sentence: `the enrollment setting ${why.setting} is staged and admits no device yet`,
        nextStep: 'make it current, or enrol the device under the one that is',
      }
    case 'sunset':
      return {
        sentence: `the previously trusted enrollment setting ${why.setting} admits no device since ${isoText(why.sunset)}`,
        nextStep: 'enrol the device under the current enrollment setting, or move the sunset',
      }
    case 'issued-after-retirement':
      return {
        sentence: `the certificate was issued at ${isoText(why.notBefore)}, after the enrollment setting ${why.setting} was retired at ${isoText(why.retiredAt)}`,
        nextStep:
          'find out who still issues under the retired CA; enrol the device under the current one',
      }
    case 'unknown-at-retirement':
      return {
        sentence: `the device's key ${why.key} had not been seen when the enrollment setting ${why.setting} was retired at ${isoText(why.retiredAt)}, and its cut-off is for known devices`,
        nextStep:
          'enrol the device under the current enrollment setting; if the key of the retired CA cannot have been stolen, the cut-off `not-before` is enough',
      }
    default:
      return unreachable(why)
  }
}

function explainUntimely(why: Untimely): Explanation {
  switch (why.kind) {
    case 'issuer-not-yet-valid':
      return {
        sentence: `the CA certificate ${text(why.issuer)} is not valid before ${isoText(why.notBefore)}`,
        nextStep:
          "check this machine's clock; if it is right, wait or issue the CA certificate anew",
      }
    case 'issuer-expired':
      return {
        sentence: `the CA certificate ${text(why.issuer)} expired at ${isoText(why.notAfter)}`,
        nextStep:
          'renew the CA certificate with the same key, or enrol the device under a valid CA',
      }
    case 'not-yet-valid':
      return {
        sentence: `the device's certificate is not valid before ${isoText(why.notBefore)}`,
        nextStep:
          "check this machine's clock and the CA's; certificates are best issued a little back-dated",
      }
    case 'expired':
      return {
        sentence: `the device's certificate expired at ${isoText(why.notAfter)}; it may renew until ${isoText(why.graceEndsAt)}`,
        nextStep: 'let the device renew its certificate; renewal routes still admit it',
      }
    case 'expired-without-grace':
      return {
        sentence: `the device's certificate expired at ${isoText(why.notAfter)}, and its client has no grace: it calls itself ${why.rule}`,
        nextStep: 'update the client and register the device again',
      }
    case 'expired-beyond-grace':
      return {
        sentence: `the device's certificate expired at ${isoText(why.notAfter)}, and grace ended at ${isoText(why.graceEndedAt)}`,
        nextStep: 'register the device again',
      }
    default:
      return unreachable(why)
  }
}

const text = (name: Name): string => printName(name, 'rfc4514')
