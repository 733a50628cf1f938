/** What the rules about the ids of certificates change: whom a block reaches, and whose certificate may have too many. */
import type { BlockedDevice, IdCertificate } from '../../store/devices/ids-by-device.ts'
import { SIGNED_ID_LIMIT } from '../../trust/signed-ids.ts'
import type { RuleChange, TouchedThing } from './rule-change.ts'

/** How many ids of one certificate a store of schema 1 has at most. */
export const FORMER_ID_LIMIT = 8

/** A certificate of a device that is not blocked, and the blocked device whose id it names. */
export interface BlockedNaming {
  readonly certificate: IdCertificate
  readonly id: string
  readonly blocked: Pick<BlockedDevice, 'device' | 'name'>
}

/** What is asked about. */
export interface IdFacts {
  /** Blocked devices that have ids. */
  readonly blocked: readonly BlockedDevice[]
  readonly namings: readonly BlockedNaming[]
  /** Certificates of which as many ids are kept as the version before kept. */
  readonly manyIds: readonly IdCertificate[]
}

/** Names the blocked devices, and the others that their ids reach. */
export const blockedIdChanges = ({
  blocked,
  namings,
}: Pick<IdFacts, 'blocked' | 'namings'>): RuleChange => ({
  code: 'blocked-ids',
  sentence: 'a block reaches every certificate that names a signed id of the blocked device',
  next:
    namings.length === 0
      ? 'none; `tfe devices show` says by which ids a device is blocked, `tfe devices unblock` lifts a block'
      : 'where a device that is not blocked is named, issue it a certificate without that id, or lift the block with `tfe devices unblock`',
  needsDecision: namings.length > 0,
  touched: [
    ...namings.map(({ certificate: { device, name, serial }, id, blocked: other }) => ({
      kind: 'device' as const,
      name: device,
      label: name,
      before: `not blocked; its certificate with serial ${serial} names ${id} of the blocked device ${named(other)}`,
      after: 'refused as blocked with that certificate',
    })),
    ...blocked.map(({ device, name, ids }) => ({
      kind: 'device' as const,
      name: device,
      label: name,
      before: `blocked; a new key with ${ids.join(' or ')} passed for some seconds`,
      after: 'refused as blocked at the first request',
    })),
  ],
})

const named = ({ device, name }: Pick<BlockedDevice, 'device' | 'name'>): string =>
  name === undefined ? device : `${device} (${name})`

/** Names the devices whose certificates have as many ids as were kept of any, or more. */
export const tooManyIdChanges = ({ manyIds }: Pick<IdFacts, 'manyIds'>): RuleChange => ({
  code: 'too-many-ids',
  sentence: `a certificate with more than ${SIGNED_ID_LIMIT} device ids is refused; of each certificate the store has the first ${FORMER_ID_LIMIT} ids and not their number, so one with fewer is known to have no more, and one with ${FORMER_ID_LIMIT} has ${FORMER_ID_LIMIT} or any number above`,
  next: `count the ids in these certificates, at the CA or on the device: issue anew those with more than ${SIGNED_ID_LIMIT}`,
  needsDecision: manyIds.length > 0,
  touched: [...Map.groupBy(manyIds, ({ device }) => device)].map(
    ([device, certificates]): TouchedThing => ({
      kind: 'device',
      name: device,
      label: certificates[0]?.name,
      before: `not asked for the number of ids; known of ${certificates.map(({ serial }) => `the certificate with serial ${serial}`).join(' and ')}: ${FORMER_ID_LIMIT} ids at least`,
      after: `refused as too-many-ids with more than ${SIGNED_ID_LIMIT}, as before with no more; which of the two is not known`,
    }),
  ),
})
