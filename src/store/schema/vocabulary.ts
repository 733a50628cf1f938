/**
 * The closed lists of words that columns hold. A word outside its list makes the row unknown.
 */
export const APPROVALS = ['unapproved', 'approved', 'blocked'] as const
export const AUTHENTICATIONS = ['succeeded', 'no-info', 'failed'] as const
export const CUT_OFFS = ['not-before', 'known-devices'] as const
export const DENY_KINDS = ['key', 'serial'] as const
export const ENDPOINT_STATES = ['not-configured', 'enabled', 'disabled'] as const
export const ENFORCEMENTS = ['recording', 'required'] as const
export const LIST_KINDS = ['file', 'url', 'upload'] as const
export const MIGRATIONS = ['none', 'pending', 'success'] as const
export const PORT_STATES = ['open', 'closed'] as const
export const QUERY_ORIGINS = ['chart', 'operator'] as const
export const REVOCATION_FAILURES = ['hard-fail', 'soft-fail'] as const
export const ROLES = ['viewer', 'operator', 'administrator'] as const
export const SOURCES = ['local', 'scep', 'other'] as const
export const STANDINGS = [
  'staged',
  'current',
  'previously-trusted',
  'removed',
  'distrusted',
] as const
export const VERDICTS = ['admit', 'refuse'] as const
/** What a change can touch, so that a snapshot's overlay fetches that and no more. */
export const TOPICS = [
  'approval',
  'deny',
  'document',
  'enforcement',
  'enrollment',
  'oauth',
  'port',
  'secret',
] as const

export type Approval = (typeof APPROVALS)[number]
/** As stored; `must-upgrade` follows from it and the minimum versions when it is asked for. */
export type Authentication = (typeof AUTHENTICATIONS)[number]
/** The four states of the readiness chart (S2-09). */
export type AuthenticationStatus = Authentication | 'must-upgrade'
/** What makes a certificate of a previously trusted CA too late: its notBefore, or a key not seen before (decision 8). */
export type CutOff = (typeof CUT_OFFS)[number]
export type DenyKind = (typeof DENY_KINDS)[number]
export type EndpointState = (typeof ENDPOINT_STATES)[number]
export type EnforcementState = (typeof ENFORCEMENTS)[number]
export type Migration = (typeof MIGRATIONS)[number]
export type PortState = (typeof PORT_STATES)[number]
export type QueryOrigin = (typeof QUERY_ORIGINS)[number]
export type RevocationFailure = (typeof REVOCATION_FAILURES)[number]
export type Role = (typeof ROLES)[number]
export type Source = (typeof SOURCES)[number]
export type StandingKind = (typeof STANDINGS)[number]
export type Verdict = (typeof VERDICTS)[number]
export type Topic = (typeof TOPICS)[number]
