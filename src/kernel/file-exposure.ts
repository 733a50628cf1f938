/**
 * Who besides its owner can get at a file that holds a secret. The rule knows how secrets reach programs that run as an
 * account of their own: as a file of root that a group may read (Debian's ssl-cert, a Kubernetes secret with fsGroup: 0440),
 * or on a volume whose folder hands its group on (setgid), as Kubernetes marks one with fsGroup.
 */

/** What the system says of a file, and of its folder. */
export interface FileOwnership {
  readonly mode: number
  readonly uid: number
  readonly folderMode: number
}

/** `others`: every account. `group`: a group without need. `owner`: another account that may replace it. */
export type FileExposure = 'group' | 'others' | 'owner'

/** The first thing that is wrong; `account` is the user id that asks, 0 for root. */
export function fileExposure(
  { mode, uid, folderMode }: FileOwnership,
  account: number,
): FileExposure | undefined {
  if ((mode & OTHERS) !== 0) return 'others'
  const isOfVolume = (folderMode & SETGID) !== 0
  const isOfRoot = uid === ROOT && (mode & GROUP_WRITES) === 0
  if ((mode & GROUP) !== 0 && !isOfVolume && !isOfRoot) return 'group'
  return account !== ROOT && uid !== account && uid !== ROOT ? 'owner' : undefined
}

const ROOT = 0
const OTHERS = 0o007
const GROUP = 0o070
const GROUP_WRITES = 0o020
const SETGID = 0o2000
