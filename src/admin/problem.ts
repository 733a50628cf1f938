/**
 * What an administrator is told when a call fails (RFC 9457): unlike a device, everything that helps.
 */
import { countText } from '../kernel/count-text.ts'
import { unreachable, type Fault } from '../kernel/types.ts'
import { explainStore, isTrouble } from '../store/explain.ts'
import type { StoreFailure } from '../store/failure.ts'
import type { AccessRefusal } from './auth/principal.ts'

/** A problem document of the admin API. */
export interface AdminProblem {
  readonly type: string
  readonly title: string
  readonly status: number
  /** Stable, in kebab case. */
  readonly code: string
  /** What was found. */
  readonly detail: string
  readonly next_step: string
  /** Each thing that is wrong with the call's own data. */
  readonly faults?: readonly Fault[]
}

export interface ProblemFacts {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly nextStep: string
  readonly faults?: readonly Fault[]
}

/** Makes a problem document. */
export const adminProblem = ({
  status,
  code,
  detail,
  nextStep,
  faults,
}: ProblemFacts): AdminProblem => ({
  type: `urn:trusted-front-end:admin-problem:${code}`,
  title: TITLES.get(status) ?? 'The call failed',
  status,
  code,
  detail,
  next_step: nextStep,
  ...(faults === undefined ? {} : { faults }),
})

const TITLES: ReadonlyMap<number, string> = new Map([
  [400, 'The call cannot be understood'],
  [401, 'The call shows no valid credential'],
  [403, 'This may not be done'],
  [404, 'There is no such thing'],
  [405, 'This is not done here'],
  [409, 'The call does not fit what is there'],
  [412, 'The version has changed'],
  [413, 'The call is too large'],
  [415, 'The body is of the wrong type'],
  [422, 'The data is faulty'],
  [428, 'The call must say what it was decided on'],
  [429, 'Too many calls'],
  [500, 'Internal error'],
  [503, 'The store does not answer'],
])

/** A failure of the store, told to an administrator. */
export function storeProblem(failure: StoreFailure): AdminProblem {
  const { code, sentence, nextStep } = explainStore(failure)
  return adminProblem({ status: statusOf(failure), code, detail: sentence, nextStep })
}

const statusOf = (failure: StoreFailure): number =>
  isTrouble(failure) ? 503 : (STATUSES.get(failure.kind) ?? CONFLICT)

const STATUSES: ReadonlyMap<StoreFailure['kind'], number> = new Map<StoreFailure['kind'], number>([
  ['bad-cursor', 400],
  ['not-found', 404],
  ['stale', 412],
  ['too-many', 413],
  ['backup-unwritable', 507],
])
/** Every other no of the store is a rule that this change would break. */
const CONFLICT = 409

/** Why a call is not let in, told to a caller that may be unknown: no names, no hints which half was wrong. */
export function accessProblem(why: AccessRefusal): AdminProblem {
  const [status, detail, nextStep = SIGN_IN] = explainAccess(why)
  return adminProblem({ status, code: why.kind, detail, nextStep })
}

/** The status, what was found, and the next step unless that is to sign in. */
function explainAccess(why: AccessRefusal): readonly [number, string, string?] {
  switch (why.kind) {
    case 'credential-missing':
      return [401, 'the call shows no credential']
    case 'credential-malformed':
      return [401, 'the credential is not one of ours']
    case 'credential-unknown':
      return [401, 'the credential is not known here']
    case 'credential-expired':
      return [401, 'the credential has expired']
    case 'administrator-disabled':
      return [401, 'the administrator is disabled', 'ask another administrator']
    case 'cross-site':
      return [
        403,
        'a session or client certificate may only change something from its own page',
        'send the field X-Requested-By: tfe, or use an API token',
      ]
    case 'role-too-weak':
      return [
        403,
        `this needs the role ${why.needed}, and the credential has ${why.has}`,
        'ask an administrator who has it',
      ]
    case 'address-not-allowed':
      return [
        403,
        'the admin API is not served to this address',
        'call from a network in `admin.allow`',
      ]
    case 'too-many-attempts':
      return [429, 'too many attempts to sign in', `wait ${countText(why.seconds, 'second')}`]
    default:
      return unreachable(why)
  }
}

const SIGN_IN = 'sign in, or send a token of `tfe token create` as Authorization: Bearer'
