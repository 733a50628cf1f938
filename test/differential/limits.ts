/** The limits that both paths have. */

/** Octets of a head. */
export const HEADER_BYTES = 16_384
/** Octets of a request body. */
export const BODY_BYTES = 40_000
