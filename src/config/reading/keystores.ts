/**
 * The PKCS#12 files that a document refers to. They are opened before it is read, and once for all who serve by it: opening
 * takes as long as the files ask for, and nothing is served by a thread that waits for it.
 */
import type { Pkcs12Failure } from '../../handshake/pkcs12/failure.ts'
import type { KeystoreOpener } from '../../handshake/pkcs12/open-on-thread.ts'
import type { OpenedPkcs12, Unused } from '../../handshake/pkcs12/open.ts'
import { unreachable, type Result } from '../../kernel/types.ts'
import { type ContentSources, contentOf, secretText } from './content.ts'
import type { ReadContext } from './place.ts'

/** How a document names one: by references. */
export interface KeystoreReference {
  readonly pkcs12?: string | undefined
  readonly passphrase?: string | undefined
}

/** What a file was opened by; the same file may be named twice. */
export const keystoreKey = ({ pkcs12, passphrase }: KeystoreReference): string =>
  JSON.stringify([pkcs12, passphrase])

/** Opens everything that stands under `pkcs12` in plain data, one after the other; what is not there is left out. */
export async function openKeystores(
  data: unknown,
  sources: ContentSources,
  open: KeystoreOpener,
): Promise<ReadContext['keystores']> {
  const opened = new Map<string, Result<OpenedPkcs12, Pkcs12Failure>>()
  for (const reference of referencesIn(data)) {
    const key = keystoreKey(reference)
    const [bytes, passphrase] = [reference.pkcs12, reference.passphrase].map((named) =>
      octetsOf(named, sources),
    )
    const isWhole = reference.passphrase === undefined || passphrase !== undefined
    if (bytes === undefined || !isWhole || opened.has(key)) continue
    opened.set(key, await open(bytes, passphrase && secretText(passphrase)))
  }
  return opened
}

/** Why something in a file is not used, as a whole sentence. */
export function explainUnused(unused: Unused, path: string): string {
  switch (unused.kind) {
    case 'other': {
      const { count, type } = unused
      return `found ${count} × ${type} beside the identity in ${path}, wanted only the key and its certificates: the rest is not used, leave it out at the next export`
    }
    case 'closed':
      return `found a part of ${path} that this program cannot open (${unused.why.algorithm}), wanted all of it under the passphrase: if the chain is in there, export it again with AES`
    default:
      return unreachable(unused)
  }
}

function referencesIn(data: unknown): readonly KeystoreReference[] {
  if (typeof data !== 'object' || data === null) return []
  const inside = Object.values(data).flatMap(referencesIn)
  const [pkcs12, passphrase] = ['pkcs12', 'passphrase'].map((key): unknown =>
    Reflect.get(data, key),
  )
  if (typeof pkcs12 !== 'string') return inside
  if (passphrase !== undefined && typeof passphrase !== 'string') return inside
  return [{ pkcs12, passphrase }, ...inside]
}

/** The octets behind a reference; nothing where there are none, which its reader reports. */
function octetsOf(reference: string | undefined, sources: ContentSources): Buffer | undefined {
  const found = reference === undefined ? undefined : contentOf(reference, sources)
  return found?.kind === 'content' ? found.bytes : undefined
}
