/**
 * What Node and OpenSSL call an error, which stays the same when its message is reworded.
 */

/** Returns the code of an error, or an empty string where it has none. */
export const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Returns the code of an error or, where it has none, the error as text. */
export const codeOrText = (error: unknown): string => errorCode(error) || String(error)
