import { OWN_VERIFY, plainVerify, type Format } from './format.ts'

/** Bare base64 of the DER, as F5, Azure, Cloudflare and Sentry send it, each under a name of its own: set `certificate`. */
export const base64Der: Format = {
  names: { certificate: 'X-Client-Cert', verify: OWN_VERIFY },
  values: {},
  verify: plainVerify,
  charset: 'ascii',
  readsVerify: false,
}
