/** The certificate that is kept of a device, as a subject to be explained. */
import { isPathFailureKind } from '../../trust/failure.ts'
import type { DeviceCertificate } from '../../store/devices/device.ts'
import type { DeviceDetail } from '../../store/devices/devices.ts'
import type { KeptRefusal } from '../../fleet/kept-refusal.ts'
import type { Question, Subject } from './question.ts'

/** The one that it showed last; a device of which none is kept is asked about as a client that shows none. */
export function lastShown({ device, certificates }: DeviceDetail): Subject {
  const [newest] = certificates.toSorted((one, other) => other.lastSeen - one.lastSeen)
  // When they were shown is kept to the hour: the last verdict tells them apart.
  const recent = certificates.filter(({ lastSeen }) => lastSeen === newest?.lastSeen)
  // A code that none of them has is one that a certificate without a sound path met: such a one keeps why it has none.
  const last =
    recent.find(({ code }) => code === device.code) ?? recent.find(({ sound }) => !sound) ?? newest
  return last === undefined ? { kind: 'none' } : keptSubject(last)
}

const keptSubject = (it: DeviceCertificate): Subject =>
  shown(it, { setting: it.sound ? it.setting : undefined, code: it.code })

/** A certificate as it is kept, with what was found of it. */
const shown = (
  it: Pick<
    DeviceCertificate,
    | 'fingerprint'
    | 'issuer'
    | 'issuerKey'
    | 'key'
    | 'notAfter'
    | 'notBefore'
    | 'serial'
    | 'signedIds'
    | 'subject'
  >,
  { setting, code }: { readonly setting: string | undefined; readonly code: string },
): Subject => ({
  kind: 'kept',
  certificate: {
    leaf: {
      key: it.key,
      serial: it.serial,
      notBefore: it.notBefore,
      notAfter: it.notAfter,
      signedIds: it.signedIds,
    },
    fingerprint: it.fingerprint,
    subject: it.subject,
    issuer: it.issuer,
    issuerKey: it.issuerKey,
    setting,
    failure: isPathFailureKind(code) ? { kind: code } : undefined,
  },
})

/** What was asked when a request was refused, or a connection closed, asked again. */
export function askedThen({
  certificate: it,
  code,
  listener,
  method,
  path,
  address,
}: KeptRefusal): Question {
  const subject: Subject =
    it === undefined
      ? { kind: 'none' }
      : shown(it, { setting: it.setting, code: it.pathFailure ?? code })
  return {
    subject,
    listener,
    at: undefined,
    request:
      path === undefined ? undefined : { method: method ?? 'GET', target: path, host: undefined },
    userAgent: undefined,
    from: address,
  }
}
