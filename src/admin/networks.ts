/**
 * From where the admin API may be called at all.
 */
import { BlockList, isIP } from 'node:net'
import { fail, ok, type Result } from '../kernel/types.ts'

/** Whether an address lies in one of the networks. */
export type Networks = (address: string | undefined) => boolean

/** Reads networks such as `10.0.0.0/8`, `::1` or `2001:db8::/32`; answers the first that is none. */
export function parseNetworks(texts: readonly string[]): Result<Networks, string> {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', length, ...rest] = text.split('/')
    const family = isIP(address)
    const bits = family === 6 ? 128 : 32
    const prefix = length === undefined ? bits : /^\d{1,3}$/u.test(length) ? Number(length) : -1
    if (family === 0 || rest.length > 0 || prefix < 0 || prefix > bits) return fail(text)
    list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4')
  }
  return ok((address) => {
    if (address === undefined) return false
    return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  })
}
