import { expect, test } from 'vitest'
import { fileExposure } from '../../src/kernel/file-exposure.ts'

const ME = 1000
const PLAIN = 0o755
const VOLUME = 0o2775

const ROWS: readonly (readonly [
  promise: string,
  mode: number,
  uid: number,
  folderMode: number,
  account: number,
  found: ReturnType<typeof fileExposure>,
])[] = [
  ['a file that only its owner reads is fit', 0o600, ME, PLAIN, ME, undefined],
  ['one that every account reads is not', 0o604, ME, PLAIN, ME, 'others'],
  ['nor one that every account writes', 0o602, ME, PLAIN, ME, 'others'],
  ['nor one that every account runs', 0o601, ME, PLAIN, ME, 'others'],
  ['a group has no need of the file of its reader', 0o640, ME, PLAIN, ME, 'group'],
  ['nor may it write it', 0o620, ME, PLAIN, ME, 'group'],
  ['a group may read what is of root', 0o440, 0, PLAIN, ME, undefined],
  ['and root may ask about it', 0o640, 0, PLAIN, 0, undefined],
  ['a group may not write what is of root', 0o460, 0, PLAIN, ME, 'group'],
  ['a volume that hands on its group is fit', 0o660, ME, VOLUME, ME, undefined],
  ['but not for every account', 0o664, ME, VOLUME, ME, 'others'],
  ['another account may replace its own file', 0o400, 1001, PLAIN, ME, 'owner'],
  ['root asks about the file of an account', 0o400, 1001, PLAIN, 0, undefined],
  ['root itself may replace everything', 0o400, 0, PLAIN, ME, undefined],
]

for (const [promise, mode, uid, folderMode, account, found] of ROWS) {
  test(promise, () => {
    expect(fileExposure({ mode, uid, folderMode }, account)).toBe(found)
  })
}
