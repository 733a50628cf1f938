/**
 * Tells which fields a device may not send: those by which a server would believe who it is, where it came from or what
 * it asked for. They are removed from every request, whichever format the upstream reads: the server behind may read more
 * than the operator knows.
 *
 * Servers that speak CGI turn `-` into `_`, some turn `.` into either; so names are compared with every character that is
 * neither letter nor digit taken as equal, and without regard to case.
 */
import { IDENTITY_FIELDS, OVERRIDE_FIELDS } from './known-fields.ts'

/** Tells whether a field of this name, in any spelling, says who the device is. */
export const isIdentityField = (name: string): boolean => saysIdentity(plain(name))

/** Makes the guard; `ours` are more names, or families such as `X-Device-*`. */
export function spoofGuard(ours: readonly string[]): (name: string) => boolean {
  const isOurs = matcher(ours)
  return (name) => {
    const spelling = plain(name)
    return saysIdentity(spelling) || overrides(spelling) || isOurs(spelling)
  }
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')

/** Tells whether a plain name is one of these, or begins as one that ends in `*`. */
function matcher(listed: readonly string[]): (spelling: string) => boolean {
  // A family among them is met by its own beginning anyway.
  const names = new Set(listed.map(plain))
  const families = listed
    .filter((name) => name.endsWith('*'))
    .map((name) => plain(name.slice(0, -1)))
  return (spelling) => names.has(spelling) || families.some((one) => spelling.startsWith(one))
}

const saysIdentity = matcher(IDENTITY_FIELDS.flatMap(({ names }) => names))
const overrides = matcher(OVERRIDE_FIELDS.flatMap(({ names }) => names))
