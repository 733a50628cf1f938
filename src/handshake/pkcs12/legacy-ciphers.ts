/**
 * RC2 and single DES, which the runtime's OpenSSL keeps in a provider that is not loaded. This is the only place that
 * knows node-forge, and all it does here is decrypt (decision 16).
 */
import forge from 'node-forge'

/** A cipher of these, with the effective bits of an RC2 key (RFC 2268 §2). */
export type LegacyCipher =
  { readonly kind: 'des' } | { readonly kind: 'rc2'; readonly effectiveBits: number }

/** Decrypts in CBC mode; undefined where the padding says that the key is not the one. */
export function decryptLegacy(
  cipher: LegacyCipher,
  { key, iv }: { readonly key: Buffer; readonly iv: Buffer },
  octets: Buffer,
): Buffer | undefined {
  if (octets.length === 0 || octets.length % BLOCK !== 0) return undefined
  const started = cipher.kind === 'des' ? des(key, iv) : rc2(key, iv, cipher.effectiveBits)
  started.update(bufferOf(octets))
  // The library's own unpadding takes off as many octets as the last one says, whatever the others say.
  started.finish(() => true)
  return unpadded(Buffer.from(started.output.getBytes(), 'latin1'))
}

interface Started {
  readonly output: { getBytes(): string }
  update(input: forge.util.ByteBuffer): void
  finish(unpad: () => boolean): boolean
}

function des(key: Buffer, iv: Buffer): Started {
  const decipher = forge.cipher.createDecipher('DES-CBC', bufferOf(key))
  decipher.start({ iv: bufferOf(iv) })
  return decipher
}

function rc2(key: Buffer, iv: Buffer, effectiveBits: number): Started {
  const decipher = forge.rc2.createDecryptionCipher(bufferOf(key), effectiveBits)
  decipher.start(bufferOf(iv))
  return decipher
}

/** RFC 8018 §6.1.1: as many octets as each of them says, one to eight. */
function unpadded(octets: Buffer): Buffer | undefined {
  const count = octets.at(-1) ?? 0
  const padding = octets.subarray(-count)
  const isPadding = count >= 1 && count <= BLOCK && padding.every((octet) => octet === count)
  return isPadding ? octets.subarray(0, -count) : undefined
}

const bufferOf = (octets: Buffer): forge.util.ByteStringBuffer =>
  forge.util.createBuffer(octets.toString('latin1'))

/** Octets in a block of both. */
const BLOCK = 8
