/**
 * For every code its cause, and facts to explain it with. The tables are typed over the closed unions of the rooms:
 * a code that is new there, or gone, does not compile here.
 */
import type { Unparsable } from '../../src/accept/unparsable.ts'
import type { Refusal } from '../../src/decide/refusal.ts'
import type { TlsFailure } from '../../src/handshake/handshake-failure.ts'
import type { ProxyFault } from '../../src/message/proxy-header/fault.ts'
import type { KeyFingerprint } from '../../src/kernel/types.ts'
import type { AuthorityFault } from '../../src/message/authority.ts'
import type { TargetFault } from '../../src/message/target.ts'
import type { Rejection } from '../../src/pipeline/rejection.ts'
import type { RuntimeFault } from '../../src/serve/self-test/fault.ts'
import type { Resource } from '../../src/trust/failure.ts'
import { amount, distinguishedName, instant } from './placeholders.ts'

/** Where the change has to happen: in the device or what it was issued, in the upstream, or in what we were told. */
export type Cause = 'device' | 'upstream' | 'us'

/** One code: several facts where the explanation depends on them. */
export interface Case<Facts> {
  readonly by: Cause
  readonly facts: readonly Facts[]
}

/** Exactly the codes of a union, each with facts of its own kind. */
export type Cases<Union extends { readonly kind: string }> = {
  readonly [Kind in Union['kind']]: Case<Extract<Union, { readonly kind: Kind }>>
}

/** The device has to change. */
export const byDevice = <Facts>(...facts: readonly Facts[]): Case<Facts> => ({
  by: 'device',
  facts,
})
/** The upstream has to change. */
export const byUpstream = <Facts>(...facts: readonly Facts[]): Case<Facts> => ({
  by: 'upstream',
  facts,
})
/** Our configuration or machine has to change, or it is meant. */
export const byUs = <Facts>(...facts: readonly Facts[]): Case<Facts> => ({ by: 'us', facts })

const key = '{key}' as KeyFingerprint
const issuer = distinguishedName('issuer')
const [subject, by, name, constraint] = ['{subject}', '{CA}', '{name}', '{constraint}']
const setting = '{setting}'

/** What may run out while certificates are judged. */
const RESOURCES: Readonly<Record<Resource, Extract<Refusal, { kind: 'budget-exhausted' }>>> = {
  signatures: { kind: 'budget-exhausted', resource: 'signatures', limit: amount('limit') },
  steps: { kind: 'budget-exhausted', resource: 'steps', limit: amount('limit') },
  comparisons: { kind: 'budget-exhausted', resource: 'comparisons', limit: amount('limit') },
}

/** Why an algorithm is not taken that is not known to be weak. */
export const UNSUPPORTED = ['unknown', 'not-enabled', 'unfit-parameters'] as const

const MATCH_RULES = ['subjectAltNames', 'enrollmentSettings', 'issuerKeys', 'policies'] as const

/** `decide` and what `trust` and `x509` told it. */
export const REFUSALS: Cases<Refusal> = {
  'route-denied': byDevice({ kind: 'route-denied' }),
  'address-not-allowed': byDevice({
    kind: 'address-not-allowed',
    address: '{address}',
    networks: ['{networks}'],
  }),
  'no-certificate': byDevice({ kind: 'no-certificate' }),
  'resumed-without-certificate': byDevice({ kind: 'resumed-without-certificate' }),
  'certificate-malformed': byDevice({
    kind: 'certificate-malformed',
    problem: 'missing-element',
    field: '{field}',
    offset: amount('offset'),
    detail: '{detail}',
  }),
  'certificate-too-large': byDevice({
    kind: 'certificate-too-large',
    bytes: amount('size'),
    limit: amount('limit'),
  }),
  'chain-too-large': byDevice({
    kind: 'chain-too-large',
    bytes: amount('size'),
    limit: amount('limit'),
  }),
  'no-room-for-chain': byUs({
    kind: 'no-room-for-chain',
    bytes: amount('size'),
    limit: amount('limit'),
  }),
  'oauth-not-configured': byUs({ kind: 'oauth-not-configured' }),
  'oauth-disabled': byUs({ kind: 'oauth-disabled' }),
  'legacy-oauth-disabled': byUs({ kind: 'legacy-oauth-disabled' }),
  blocked: byUs({ kind: 'blocked', key }, { kind: 'blocked', key, id: '{id}' }),
  'too-many-ids': byDevice({
    kind: 'too-many-ids',
    found: amount('found'),
    limit: amount('limit'),
  }),
  unapproved: byUs(
    { kind: 'unapproved', key, because: 'sensitive' },
    { kind: 'unapproved', key, because: 'outside' },
  ),
  'denied-key': byUs({ kind: 'denied-key', key }),
  'denied-serial': byUs({ kind: 'denied-serial', issuerKey: key, serial: '{serial}' }),
  'denied-issuer': byUs({ kind: 'denied-issuer', key, issuer }),
  distrusted: byUs({ kind: 'distrusted', setting }),
  staged: byUs({ kind: 'staged', setting }),
  sunset: byUs({ kind: 'sunset', setting, sunset: instant('sunset') }),
  'issued-after-retirement': byDevice({
    kind: 'issued-after-retirement',
    setting,
    notBefore: instant('notBefore'),
    retiredAt: instant('retiredAt'),
  }),
  'unknown-at-retirement': byDevice({
    kind: 'unknown-at-retirement',
    setting,
    key,
    retiredAt: instant('retiredAt'),
  }),
  'not-yet-valid': byDevice({ kind: 'not-yet-valid', notBefore: instant('notBefore') }),
  expired: byDevice({
    kind: 'expired',
    notAfter: instant('notAfter'),
    graceEndsAt: instant('graceEndsAt'),
  }),
  'expired-without-grace': byDevice({
    kind: 'expired-without-grace',
    notAfter: instant('notAfter'),
    rule: '{rule}',
  }),
  'expired-beyond-grace': byDevice({
    kind: 'expired-beyond-grace',
    notAfter: instant('notAfter'),
    graceEndedAt: instant('graceEndedAt'),
  }),
  'match-rule-unmet': byDevice(
    ...MATCH_RULES.map((rule) => ({
      kind: 'match-rule-unmet' as const,
      rule,
      wanted: ['{wanted}'],
      found: ['{found}'],
    })),
  ),
  'issuer-not-yet-valid': byUs({
    kind: 'issuer-not-yet-valid',
    issuer,
    notBefore: instant('notBefore'),
  }),
  'issuer-expired': byUs({ kind: 'issuer-expired', issuer, notAfter: instant('notAfter') }),
  revoked: byUs({
    kind: 'revoked',
    serial: '{serial}',
    issuer,
    revokedAt: instant('revokedAt'),
    reason: 'unspecified',
  }),
  'issuer-revoked': byUs({
    kind: 'issuer-revoked',
    subject: distinguishedName('subject'),
    issuer,
    revokedAt: instant('revokedAt'),
    reason: 'unspecified',
  }),
  'revocation-unknown': byUs(
    { kind: 'revocation-unknown', issuer, why: 'no-list' },
    { kind: 'revocation-unknown', issuer, why: 'not-covered' },
    { kind: 'revocation-unknown', issuer, why: 'not-yet' },
  ),
  'revocation-stale': byUs({
    kind: 'revocation-stale',
    issuer,
    nextUpdate: instant('nextUpdate'),
    countedUntil: instant('countedUntil'),
  }),
  'untrusted-issuer': byDevice({ kind: 'untrusted-issuer', issuer: '{issuer}' }),
  'self-signed': byDevice({ kind: 'self-signed', subject }),
  'path-too-long': byDevice({ kind: 'path-too-long', limit: amount('limit') }),
  'unfit-anchor': byUs({
    kind: 'unfit-anchor',
    anchor: by,
    faults: [{ kind: 'anchor-not-a-ca' }],
  }),
  'budget-exhausted': byDevice(...Object.values(RESOURCES)),
  'bad-signature': byDevice({ kind: 'bad-signature', subject, issuer: '{issuer}' }),
  'weak-signature': byDevice({ kind: 'weak-signature', subject, algorithm: '{algorithm}' }),
  'weak-key': byDevice({ kind: 'weak-key', subject, key: '{key}' }),
  'unsupported-signature': byDevice(
    ...UNSUPPORTED.map((why) => ({
      kind: 'unsupported-signature' as const,
      subject,
      algorithm: '{algorithm}',
      why,
    })),
  ),
  'unsupported-key': byDevice(
    ...UNSUPPORTED.map((why) => ({
      kind: 'unsupported-key' as const,
      subject,
      key: '{key}',
      why,
    })),
  ),
  'wrong-purpose': byDevice({
    kind: 'wrong-purpose',
    subject,
    wanted: 'client',
    found: ['{found}'],
  }),
  'wrong-key-usage': byDevice({ kind: 'wrong-key-usage', subject }),
  'unknown-critical-extension': byDevice({
    kind: 'unknown-critical-extension',
    subject,
    oid: '{oid}',
  }),
  'departs-from-profile': byDevice({
    kind: 'departs-from-profile',
    findings: [{ kind: 'purpose-missing', subject }],
  }),
  'not-a-ca': byDevice({ kind: 'not-a-ca', subject }),
  'ca-may-not-sign': byDevice({ kind: 'ca-may-not-sign', subject }),
  'path-length-exceeded': byDevice({
    kind: 'path-length-exceeded',
    subject,
    limit: amount('limit'),
  }),
  'no-common-policy': byDevice({ kind: 'no-common-policy', subject }),
  'policy-mapping-malformed': byDevice({ kind: 'policy-mapping-malformed', subject }),
  'name-constraints-malformed': byDevice({
    kind: 'name-constraints-malformed',
    subject,
    constraint,
  }),
  'name-not-permitted': byDevice({ kind: 'name-not-permitted', subject, name, by }),
  'name-excluded': byDevice({ kind: 'name-excluded', subject, name, constraint, by }),
  'name-undecidable': byDevice({ kind: 'name-undecidable', subject, name, constraint, by }),
}

/** Requests that are turned away before anybody asks who the device is. */
export const REJECTIONS: Cases<Exclude<Rejection, { readonly kind: 'host' | 'target' }>> = {
  'route-unknown': byDevice({ kind: 'route-unknown' }),
  'addresses-unknown': byUs({ kind: 'addresses-unknown' }),
  'listener-gone': byUs({ kind: 'listener-gone' }),
  drained: byUs({ kind: 'drained' }),
  'connection-share-used-up': byDevice({ kind: 'connection-share-used-up' }),
  'listener-closed': byUs({ kind: 'listener-closed' }),
  'too-many-fields': byDevice({ kind: 'too-many-fields', limit: amount('limit') }),
  'http-version-unknown': byDevice({ kind: 'http-version-unknown', version: '{version}' }),
  'http-1.0-transfer-coding': byDevice({ kind: 'http-1.0-transfer-coding' }),
  'transfer-coding-unknown': byDevice({ kind: 'transfer-coding-unknown', coding: '{coding}' }),
  'expectation-unknown': byDevice({ kind: 'expectation-unknown' }),
}

/** The same, for what is wrong with the host. */
export const HOSTS: Cases<AuthorityFault> = {
  'host-missing': byDevice({ kind: 'host-missing' }),
  'host-repeated': byDevice({ kind: 'host-repeated', count: amount('count') }),
  'host-malformed': byDevice({ kind: 'host-malformed', length: amount('length') }),
  'host-unknown': byDevice({ kind: 'host-unknown', host: '{host}' }),
  'host-not-sni': byDevice({ kind: 'host-not-sni', host: '{host}', sni: '{server name}' }),
}

const at = amount('at')

/** The same, for what is wrong with the request target. */
export const TARGETS: Cases<TargetFault> = {
  'absolute-form': byDevice({ kind: 'absolute-form' }),
  'asterisk-form': byDevice({ kind: 'asterisk-form' }),
  'authority-form': byDevice({ kind: 'authority-form' }),
  'too-long': byDevice({ kind: 'too-long', length: amount('length'), limit: amount('limit') }),
  backslash: byDevice({ kind: 'backslash', at }),
  'bad-escape': byDevice({ kind: 'bad-escape', at }),
  'bad-utf-8': byDevice({ kind: 'bad-utf-8' }),
  'dot-segment': byDevice({ kind: 'dot-segment', at }),
  'double-encoding': byDevice({ kind: 'double-encoding', at }),
  'empty-segment': byDevice({ kind: 'empty-segment', at }),
  'encoded-control': byDevice({ kind: 'encoded-control', at }),
  'encoded-delimiter': byDevice({ kind: 'encoded-delimiter', at }),
  'forbidden-octet': byDevice({ kind: 'forbidden-octet', at }),
  fragment: byDevice({ kind: 'fragment', at }),
  'look-alike': byDevice({ kind: 'look-alike' }),
  'path-parameter': byDevice({ kind: 'path-parameter', at }),
  'trailing-dot': byDevice({ kind: 'trailing-dot', at }),
}

/** What was not a request; a connection that only breaks has no code. */
export const UNPARSABLE: Readonly<Record<Exclude<Unparsable, 'connection'>, Cause>> = {
  body: 'device',
  connect: 'device',
  'header-timeout': 'device',
  'header-too-large': 'device',
  malformed: 'device',
  unfinished: 'device',
}

/** Handshakes that fail. */
export const HANDSHAKES: Readonly<Record<TlsFailure, Cause>> = {
  'certificate-curve': 'device',
  'connection-share-used-up': 'device',
  'bad-possession-proof': 'device',
  'device-refused-us': 'us',
  'no-shared-cipher': 'device',
  'no-shared-group': 'device',
  'no-shared-protocol': 'device',
  'not-tls': 'device',
  other: 'device',
  reset: 'device',
  timeout: 'device',
}

/** PROXY headers that are none, or come from where none is believed. */
export const PROXIED: Cases<ProxyFault> = {
  'proxy-checksum': byUs({ kind: 'proxy-checksum' }),
  'proxy-malformed': byUs({ kind: 'proxy-malformed', part: 'line' }),
  'proxy-missing': byUs({ kind: 'proxy-missing' }),
  'proxy-too-long': byUs({ kind: 'proxy-too-long', limit: 16_384 }),
  'proxy-unfinished': byUs({ kind: 'proxy-unfinished' }),
  'proxy-untrusted': byDevice({ kind: 'proxy-untrusted' }),
}

export const RUNTIME: Cases<RuntimeFault> = {
  'runtime-cannot-handshake': byUs({
    kind: 'runtime-cannot-handshake',
    tls: 'TLSv1.2',
    detail: 'no answer within seconds',
  }),
  'runtime-loses-chain': byUs({
    kind: 'runtime-loses-chain',
    tls: 'TLSv1.3',
    presented: 2,
    kept: 1,
  }),
  'runtime-does-not-resume': byUs({ kind: 'runtime-does-not-resume', tls: 'TLSv1.3' }),
  'runtime-loses-leaf': byUs({ kind: 'runtime-loses-leaf', tls: 'TLSv1.3' }),
  'runtime-invents-certificate': byUs({ kind: 'runtime-invents-certificate', tls: 'TLSv1.3' }),
}
