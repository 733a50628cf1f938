/**
 * What the rules of this version change for the fleet of a configuration and its store. Each rule is one function of what
 * was read; a rule that touches nothing is left out.
 */
import { nameFault } from '../../admin/auth/admin-name.ts'
import type { Config } from '../../config/config.ts'
import type { OAuthFacts } from '../../fleet/oauth.ts'
import { oauthInUseUnconfigured, oauthRows } from '../../fleet/oauth-rows.ts'
import { fileDifferences } from '../../state/file-differences.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import { applyRules } from '../../state/store-rules.ts'
import { allowAndLogDropped, type FormerAllowAndLog } from '../../upstream-tls/allow-and-log.ts'
import { approvalChanges, type UnapprovedDevice } from './approval-changes.ts'
import { cipherChanges } from './cipher-changes.ts'
import { fieldChanges } from './field-changes.ts'
import { blockedIdChanges, tooManyIdChanges, type IdFacts } from './id-changes.ts'
import type { RuleChange, TouchedThing } from './rule-change.ts'

/** A link on refused evidence alone, and the device that it leads to. */
export interface LinkFact {
  readonly device: string
  readonly name: string | undefined
  readonly kind: 'key' | 'signed-id'
  readonly value: string
  readonly code: string
}

/** What is asked about. */
export interface UpgradeFacts extends IdFacts {
  readonly config: Config
  readonly rules: StoreRules
  /** The schema that the store has; 1 was written before these rules. */
  readonly schema: number
  readonly links: readonly LinkFact[]
  readonly unapproved: readonly UnapprovedDevice[]
  /** Upstreams whose settings in the store had Allow and Log as it was. */
  readonly formerAllowAndLog: readonly Pick<FormerAllowAndLog, 'stored' | 'upstream'>[]
  readonly administrators: readonly string[]
  /** Enrollment settings whose revocation lists are still to be taken from the file. */
  readonly unstatedLists: readonly string[]
  readonly oauth: OAuthFacts
}

/** Lists the changed rules that touch something, in the order of their weight. */
export const ruleChanges = (facts: UpgradeFacts): readonly RuleChange[] =>
  (facts.schema < RULES_CAME_WITH ? [...LASTING, ...ONCE] : LASTING)
    .map((rule) => rule(facts))
    .filter(({ touched }) => touched.length > 0)

/** Stores of an older schema have not met these rules yet. */
const RULES_CAME_WITH = 2

type Rule = (facts: UpgradeFacts) => RuleChange

const refusedLinks: Rule = ({ links }) => ({
  code: 'refused-links',
  sentence:
    'keys and ids that only refused certificates linked to a device stay linked until that is undone; no new ones are',
  next: 'look at `tfe devices links --refused`, and undo them with `tfe devices links --refused --undo`',
  needsDecision: true,
  touched: links.map(({ device, name, kind, value, code }) => ({
    kind: 'device',
    name: device,
    label: name,
    before: `linked by a certificate refused as ${code}: ${kind} ${value}`,
    after: 'still linked',
  })),
})

const administratorNames: Rule = ({ administrators }) => ({
  code: 'administrator-names',
  sentence: 'names of new administrators are written in one way, so that no two look alike',
  next: 'these stay and sign in as before; make another with `tfe admin create` and remove the old one with `tfe admin remove`',
  needsDecision: true,
  touched: administrators.flatMap((name): readonly TouchedThing[] => {
    const fault = nameFault(name)
    return fault === undefined
      ? []
      : [{ kind: 'administrator', name, before: 'a name like any other', after: fault }]
  }),
})

const differences: Rule = ({ config, rules }) => ({
  code: 'file-differences',
  sentence:
    'once there is a store it owns what the file says otherwise; a stricter word of the file holds while it stands there, and refuses a reload',
  next: 'settle each with the command beside it, or change the file',
  needsDecision: true,
  touched: fileDifferences(config, rules).map(
    ({ kind, subject, file, store, inForce, nextStep }) => ({
      kind: KIND_OF_DIFFERENCE[kind] ?? 'enrollment-setting',
      name: subject,
      before: `the file says ${file}, the store ${store}`,
      after: `in force is what the ${inForce} says; ${nextStep}`,
    }),
  ),
})

const KIND_OF_DIFFERENCE: Readonly<Partial<Record<string, TouchedThing['kind']>>> = {
  enforcement: 'enforcement',
  'approval-model': 'enforcement',
  'upstream-tls': 'upstream',
}

const listsTakenOver: Rule = ({ config, unstatedLists }) => ({
  code: 'revocation-lists-taken-over',
  sentence: 'revocation lists belong to the enrollment setting in the store',
  next: 'none: they are taken over from the file at the first start; from then on they are changed with `tfe ca`',
  needsDecision: false,
  touched: unstatedLists.flatMap((name): readonly TouchedThing[] => {
    const written = config.trust.enrollmentSettings.find((one) => one.name === name)
    return written?.crl === undefined
      ? []
      : [
          {
            kind: 'enrollment-setting',
            name,
            before: 'revocation lists as the file names them',
            after: 'the same lists, kept in the store',
          },
        ]
  }),
})

const approvalRule: Rule = ({ config, rules, unapproved }) =>
  approvalChanges({ config: applyRules(config, rules), unapproved })

const allowAndLog: Rule = ({ config: { dangers, upstreams }, formerAllowAndLog }) => ({
  code: 'allow-and-log-dropped',
  sentence:
    'Allow and Log untrusted servers is an option of strict TLS; where it was the signature under strict TLS being off it is dropped, and strict TLS stays off',
  next: 'in the file write `dangerousStrictOff: true` in place of `dangerousUnverified: true`; in the store choose it anew if strict TLS is to be on and untrusted servers allowed',
  needsDecision: true,
  touched: allowAndLogDropped(
    upstreams.map(({ name }) => ({
      upstream: name,
      // The danger is announced at the mark that stands for it; with both, at the other one.
      file: dangers.some(({ at }) => at.endsWith(`upstreams.${name}.tls.dangerousUnverified`)),
      stored: formerAllowAndLog.find(({ upstream }) => upstream === name)?.stored ?? [],
    })),
  ).map(({ upstream, where }) => ({
    kind: 'upstream',
    name: upstream,
    label: where === 'file' ? 'in the file' : `in the store, ${where}`,
    before: 'strict TLS off, and Allow and Log on as its signature',
    after: 'strict TLS off, and Allow and Log off',
  })),
})

const oauthUnconfigured: Rule = ({ config, rules, oauth }) => ({
  code: 'oauth-not-configured',
  sentence: 'the new OAuth endpoint is refused until it is enabled',
  next: 'enable it with `tfe oauth enable-new` if clients use it',
  needsDecision: true,
  touched: oauthInUseUnconfigured(rules.oauth.modern, oauthRows(config.listeners), oauth).map(
    ({ listener, row }) => ({
      kind: 'route',
      name: `${listener}: ${row}`,
      before: 'served',
      after: 'refused as oauth-not-configured',
    }),
  ),
})

const publishedPorts: Rule = ({ config: { listeners } }) => ({
  code: 'published-ports',
  sentence:
    'the upstream reads a port in Host and X-Forwarded-Host only when it is one by which devices reach the listener',
  next: 'where devices reach a listener by another port than its own, name it in `publishedPorts`',
  needsDecision: true,
  touched: listeners
    .filter(({ relay, port, publishedPorts: ports }) => {
      const isStandard = port === 443 || ports.length > 0
      return relay === undefined && !isStandard
    })
    .map(({ name, port }) => ({
      kind: 'listener',
      name,
      before: 'any port that a device wrote in Host',
      after: `no port but ${port}`,
    })),
})

/** They touch what stands in the store, until it is settled. */
const LASTING: readonly Rule[] = [refusedLinks, administratorNames]
/** They change at the upgrade, and are in force afterwards. */
const ONCE: readonly Rule[] = [
  differences,
  listsTakenOver,
  blockedIdChanges,
  tooManyIdChanges,
  approvalRule,
  oauthUnconfigured,
  allowAndLog,
  ({ config }) => cipherChanges(config),
  ({ config }) => fieldChanges(config),
  publishedPorts,
]
