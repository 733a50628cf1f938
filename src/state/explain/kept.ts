/** The certificate that is kept of a device, as a subject to be explained. */
import { isPathFailureKind } from '../../trust/failure.ts'
import type { DeviceCertificate } from '../../store/devices/device.ts'
import type { DeviceDetail } from '../../store/devices/devices.ts'
import type { Subject } from './question.ts'

/** The one that it showed last; a device of which none is kept is asked about as a client that shows none. */
export function lastShown({ device, certificates }: DeviceDetail): Subject {
  const [newest] = certificates.toSorted((one, other) => other.lastSeen - one.lastSeen)
  // When they were shown is kept to the hour: the last verdict tells them apart.
  const recent = certificates.filter(({ lastSeen }) => lastSeen === newest?.lastSeen)
  const last = recent.find(({ code }) => code === device.code) ?? newest
  return last === undefined ? { kind: 'none' } : keptSubject(last)
}

const keptSubject = (it: DeviceCertificate): Subject => ({
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
    setting: it.sound ? it.setting : undefined,
    failure: isPathFailureKind(it.code) ? { kind: it.code } : undefined,
  },
})
