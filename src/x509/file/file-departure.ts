/**
 * What is odd about a file of certificates or lists that is read all the same: other programs read it, too, and read the
 * same in it.
 */

/** A closed union; profile `private` tells them, profile `strict` refuses. */
export type FileDeparture =
  /** U+FEFF in front, as editors and PowerShell write it. */
  | 'byte-order-mark'
  /** A BEGIN or END with white space in front of it. */
  | 'indented-boundary'
  /** A label that RFC 7468 tells writers not to use. */
  | 'old-label'
  /** A label of another kind than what the block holds. */
  | 'other-label'
  /** Line feeds or blanks behind DER. */
  | 'trailing-white-space'
  /** OpenSSL's own settings behind the certificate (`TRUSTED CERTIFICATE`), which allow what it is used for here. */
  | 'trust-settings'

/** As the end of a sentence that begins with "the file". */
export const FILE_DEPARTURES: Readonly<Record<FileDeparture, string>> = {
  'byte-order-mark': 'begins with a byte order mark (U+FEFF)',
  'indented-boundary': 'has white space in front of a BEGIN or END line',
  'old-label':
    'labels a block with X509 CERTIFICATE, X.509 CERTIFICATE, PKCS #7 SIGNED DATA or CRL, which are no longer in use (RFC 7468 §5, §6, §8)',
  'other-label': 'labels a block as something else than it holds',
  'trailing-white-space': 'has white space behind its DER',
  'trust-settings':
    "holds a TRUSTED CERTIFICATE, whose settings are OpenSSL's own and are not kept",
}
