/** The authorities and servers of the matrix; minted once for each run. */
import {
  authorityKeyIdentifier,
  keyUsage,
  mintCa,
  mintLeaf,
  type Leaf,
  type LeafOptions,
} from '../support/certificates/mint.ts'

const DAY = 86_400_000
const now = Date.now()

/** The CA that every row's upstream trusts, unless the row says otherwise. */
export const siteCa = mintCa({ name: 'Matrix Site CA' })
export const intermediate = mintCa({ name: 'Matrix Intermediate', issuer: siteCa })
const strangerCa = mintCa({ name: 'Matrix Stranger' })
const lapsed = mintCa({
  name: 'Matrix Lapsed',
  issuer: siteCa,
  notBefore: now - 20 * DAY,
  notAfter: now - DAY,
})

/** It signed itself, and says that the key of another did. */
export const oddCa = mintCa({
  name: 'Matrix Odd CA',
  extensions: [authorityKeyIdentifier(strangerCa.spki)],
})

/** The name that upstreams are called by. */
export const NAME = 'mdm.matrix.test'

/** A certificate for a server: the right one, but for what a row changes. */
export const server = (options: Partial<LeafOptions> = {}): Leaf =>
  mintLeaf({ issuer: siteCa, name: 'server', dns: [NAME], purposes: ['serverAuth'], ...options })

export const good = server()
/** For suites that RSA signs, or whose key is exchanged by RSA. */
export const goodRsa = server({
  keyType: 'rsa2048',
  extensions: [keyUsage('digitalSignature', 'keyEncipherment')],
})
export const other = server({ dns: ['default.matrix.test'] })
export const expired = server({ notBefore: now - 9 * DAY, notAfter: now - DAY })
export const notYetValid = server({ notBefore: now + DAY, notAfter: now + 9 * DAY })
export const selfSigned = server({ selfSigned: true })
export const ofStranger = server({ issuer: strangerCa })
export const ofStrangerForOther = server({ issuer: strangerCa, dns: ['other.matrix.test'] })
export const forClients = server({ purposes: ['clientAuth'] })
export const belowIntermediate = server({ issuer: intermediate })
export const belowOdd = server({ issuer: oddCa })
export const belowLapsed = server({ issuer: lapsed })
export const commonNameOnly = server({ name: NAME, dns: [] })

/** What the front end shows a server that asks. */
export const frontEnd = mintLeaf({ issuer: siteCa, name: 'front-end' })
export const strangeFrontEnd = mintLeaf({ issuer: strangerCa, name: 'front-end' })

/** Files beside the configuration, which upstreams name. */
export const FILES: Readonly<Record<string, string>> = {
  'site-ca.pem': siteCa.pem,
  'odd-ca.pem': oddCa.pem,
  'self-signed.pem': selfSigned.pem,
  'us.pem': frontEnd.chainPem,
  'us.key': frontEnd.keyPem,
  'strange.pem': strangeFrontEnd.chainPem,
  'strange.key': strangeFrontEnd.keyPem,
}
