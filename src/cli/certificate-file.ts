/** A file that holds what a device presents: PEM, DER or PKCS#7. */
import { countText } from '../kernel/count-text.ts'
import { fail, ok, type Fault, type Result } from '../kernel/types.ts'
import { presentedIn } from '../x509/file/certificate-file.ts'
import { placeText } from '../x509/file/read-file.ts'
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
  const ders = presentedIn(octets)
  if (!ders.ok) {
    const [{ place, message } = EMPTY] = ders.failure
    return fail({ at: [file, placeText(place)].filter((part) => part !== '').join(', '), message })
  }
  const [first, ...rest] = ders.value
  return first === undefined ? fail({ at: file, message: EMPTY.message }) : ok([first, ...rest])
}

const EMPTY = {
  place: { line: undefined, item: undefined },
  message:
    'found no certificate, wanted PEM (-----BEGIN CERTIFICATE-----) or DER: convert it with openssl x509',
}

/** 1 MiB: ten certificates of the largest size we judge. */
const MAX_FILE_BYTES = 1024 * 1024
