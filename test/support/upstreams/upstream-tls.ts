import { fleet } from '../front-ends/product.ts'

/** How the fleet's upstream speaks TLS: it talks to the front end alone. */
export const upstreamTlsOptions = {
  key: fleet.upstreamServer.keyPem,
  cert: fleet.upstreamServer.chainPem,
  ca: fleet.upstreamCa.pem,
  requestCert: true,
  rejectUnauthorized: true,
}
