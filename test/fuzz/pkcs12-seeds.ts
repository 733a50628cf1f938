/** The corpus of keystores: every structure that the reader decodes, the same octets in every run. */
import {
  certificateBag,
  encryptedKeyBag,
  encryptedSafe,
  envelopedSafe,
  foreignMac,
  keyBag,
  nestedBag,
  pkcs12Of,
  plainSafe,
  secretBag,
  unknownBag,
} from '../support/certificates/mint-pkcs12.ts'
import { ed25519 } from './keys.ts'
import { ISSUING, ROOT } from './seeds.ts'

export const PASSPHRASE = 'fuzz'

const BY = { passphrase: PASSPHRASE, iterations: 2 }
const PKCS8 = ed25519('issuing').key.export({ type: 'pkcs8', format: 'der' })
const own = certificateBag(ISSUING)
const above = certificateBag(ROOT)
const key = encryptedKeyBag(PKCS8, BY)

/** What is mutated before a file is closed over it. */
export const BAGS: readonly [Buffer, ...Buffer[]] = [own, above, key]

export const FILES: readonly [Buffer, ...Buffer[]] = [
  pkcs12Of([plainSafe(own, above, keyBag(PKCS8))]),
  pkcs12Of([plainSafe(own, key)]),
  pkcs12Of([encryptedSafe([own, above], BY), plainSafe(key)], BY),
  pkcs12Of([encryptedSafe([own, key], { ...BY, cipher: 'aes-256-gcm' })]),
  pkcs12Of([
    plainSafe(own, encryptedKeyBag(PKCS8, { ...BY, scrypt: { cost: 2, blockSize: 1 } })),
    envelopedSafe(),
  ]),
  pkcs12Of([plainSafe(nestedBag(nestedBag(own), key), secretBag(), unknownBag())]),
  pkcs12Of([plainSafe(own, key)], { ...BY, mac: foreignMac('2.16.840.1.101.3.4.2.8') }),
]
