/** Hitch, which tells what stands behind it by PROXY protocol v2 alone. */
import process from 'node:process'
import { started, type Product } from './product.ts'

const PROGRAM = 'usr/sbin/hitch'

export const hitch: Product = {
  name: 'hitch',
  program: PROGRAM,
  versionOption: '--version',
  // The options of its configuration that bring them.
  fields: {
    'proxy-client': 'proxy-tlv',
    'proxy-verify': 'proxy-tlv',
    'proxy-version': 'proxy-tlv',
    'proxy-cipher': 'proxy-tlv',
    'proxy-certificate': 'proxy-client-cert',
  },
  ours: { kind: 'proxy-header' },
  start: (place) => {
    const { folder, material, upstream } = place
    const config = (port: number): string => `
frontend = "[127.0.0.1]:${port}"
backend = "[127.0.0.1]:${upstream}"
pem-file = "${material.serverFile}"
client-verify = required
client-verify-ca = "${material.rootFile}"
write-proxy-v2 = on
proxy-tlv = on
proxy-client-cert = on
ocsp-dir = "${folder}"
workers = 1
${process.getuid?.() === 0 ? 'user = "root"' : ''}
`
    return started(place, PROGRAM, config, (file) => [`--config=${file}`])
  },
}
