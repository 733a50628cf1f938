/** The real products, in the order of the table. */
import { apache } from './apache.ts'
import { haproxy, haproxyTunnel } from './haproxy.ts'
import { hitch } from './hitch.ts'
import { lighttpd } from './lighttpd.ts'
import { nginx } from './nginx.ts'
import type { Product } from './product.ts'

export const PRODUCTS: readonly Product[] = [haproxy, apache, nginx, lighttpd, hitch, haproxyTunnel]
