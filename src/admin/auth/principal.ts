/**
 * Who acts, and what each role may do.
 */
import type { Instant } from '../../kernel/types.ts'
import type { Role } from '../../store/schema/vocabulary.ts'

export type { Role } from '../../store/schema/vocabulary.ts'

/** An administrator who has been recognised. */
export interface Principal {
  readonly name: string
  /** The lesser of the administrator's role and the token's. */
  readonly role: Role
  readonly by: 'certificate' | 'session' | 'token'
  /** When the token ends that was shown: what it makes must not outlast it. */
  readonly tokenEnds?: Instant
}

/** Whether a role includes another. */
export const includes = (has: Role, needed: Role): boolean => RANK[has] >= RANK[needed]

/** The lesser of two roles. */
export const lesserOf = (one: Role, other: Role): Role => (includes(one, other) ? other : one)

/** Viewers look, operators act on devices, administrators change trust and people. */
const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, administrator: 2 }

/** Why a call shows no valid credential, or may not do this. */
export type AccessRefusal =
  | { readonly kind: 'credential-missing' }
  | { readonly kind: 'credential-malformed' }
  | { readonly kind: 'credential-unknown' }
  | { readonly kind: 'credential-expired' }
  | { readonly kind: 'administrator-disabled' }
  /** A session's request that a page of another site may have sent. */
  | { readonly kind: 'cross-site' }
  | { readonly kind: 'role-too-weak'; readonly has: Role; readonly needed: Role }
  | { readonly kind: 'address-not-allowed' }
  | { readonly kind: 'too-many-attempts'; readonly seconds: number }
