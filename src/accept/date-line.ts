/** The Date field that an answer without one is given on its way (RFC 9110 §6.6.1). */

/** Returns the line, made once a second. */
export function dateLine(): string {
  const now = Date.now()
  if (now < madeAt || now >= madeAt + 1000) {
    madeAt = now - (now % 1000)
    line = `Date: ${new Date(now).toUTCString()}\r\n`
  }
  return line
}

let madeAt = -1000
let line = ''
