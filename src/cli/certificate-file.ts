/**
 * A file that holds what a device presents: PEM blocks, or one certificate in DER. Private keys beside them are
 * skipped, not read: people keep both in one file.
 */
import { countText } from '../kernel/count-text.ts'
import { fail, ok, type Fault, type Result } from '../kernel/types.ts'
import { readInputFile } from './read-input.ts'

/** The certificates of a file as octets, leaf first; never empty. */
export function readCertificates(file: string): Result<readonly [Buffer, ...Buffer[]], Fault> {
  const read = readInputFile(file, 'a certificate')
  if (!read.ok) return read
  const octets = read.value
  if (octets.length > MAX_FILE_BYTES) {
    const message = `found ${countText(octets.length, 'octet')}, wanted a certificate: is it the right file?`
    return fail({ at: file, message })
  }
  const blocks = [...octets.toString('latin1').matchAll(BLOCK)].map(([, body = '']) =>
    Buffer.from(body, 'base64'),
  )
  const [first, ...rest] = blocks
  if (first !== undefined) return ok([first, ...rest])
  // Every certificate is a SEQUENCE longer than 127 octets.
  if (octets[0] === 0x30 && (octets[1] ?? 0) > 0x80) return ok([octets])
  return fail({
    at: file,
    message:
      'found no certificate, wanted PEM (-----BEGIN CERTIFICATE-----) or DER: convert it with openssl x509',
  })
}

const BLOCK = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g
/** 1 MiB: ten certificates of the largest size we judge. */
const MAX_FILE_BYTES = 1024 * 1024
