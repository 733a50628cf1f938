/**
 * What waits for a PKCS#12 file is not held up by it: turns of the event loop are counted while a file of 600,000
 * iterations is opened. The control opens it where it is asked for, as every version before did.
 */
import { createPrivateKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { openOnThread, type KeystoreOpener } from '../../../src/handshake/pkcs12/open-on-thread.ts'
import { openPkcs12 } from '../../../src/handshake/pkcs12/open.ts'
import {
  certificateBag,
  encryptedKeyBag,
  encryptedSafe,
  pkcs12Of,
  plainSafe,
} from '../../support/certificates/mint-pkcs12.ts'
import { mintLeaf, mintCa } from '../../support/certificates/mint.ts'

const leaf = mintLeaf({ issuer: mintCa() })
const pkcs8 = createPrivateKey(leaf.keyPem).export({ type: 'pkcs8', format: 'der' })
const by = { passphrase: 'geheim', iterations: 600_000 }
const file = pkcs12Of(
  [encryptedSafe([certificateBag(leaf.der)], by), plainSafe(encryptedKeyBag(pkcs8, by))],
  by,
)

/** How many turns the event loop takes from the call to the answer. */
async function turnsDuring(open: KeystoreOpener): Promise<number> {
  const counted = { turns: 0, isOver: false }
  const turn = (): void => {
    if (counted.isOver) return
    counted.turns += 1
    setImmediate(turn)
  }
  setImmediate(turn)
  const opened = await open(file, by.passphrase)
  counted.isOver = true
  expect(opened.ok).toBe(true)
  return counted.turns
}

test('the event loop turns while a file of 600,000 iterations is opened', async () => {
  expect(await turnsDuring(openOnThread)).toBeGreaterThan(0)
  expect(await turnsDuring(async (...asked) => openPkcs12(...asked))).toBe(0)
})

test('a thread says what the reader says, refusals included', async () => {
  const small = pkcs12Of([plainSafe(certificateBag(leaf.der))], { passphrase: 'geheim' })
  for (const passphrase of ['geheim', 'other', undefined]) {
    expect(await openOnThread(small, passphrase)).toEqual(openPkcs12(small, passphrase))
  }
  const part = Buffer.from(file).subarray(0, 100)
  expect(await openOnThread(part, 'geheim')).toEqual(openPkcs12(part, 'geheim'))
})
