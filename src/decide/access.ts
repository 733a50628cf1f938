/**
 * From where a row may be reached. Behind a front end the server sees one address only, so that its own access lists
 * say nothing any more: they live here, where the address is that of the socket.
 */
import { isInside, type Network } from '../kernel/network.ts'

/** Whence a request came, and whence its row may be reached. */
export interface Access {
  /** Of the connection's other end, as the socket tells it; no field can change it. */
  readonly address: string
  readonly networks: readonly Network[]
}

/** A request from outside the networks that its row is open to. */
export interface AddressRefused {
  readonly kind: 'address-not-allowed'
  readonly address: string
  readonly networks: readonly string[]
}

/** The refusal, if the address lies in none of the networks. An empty list admits no address. */
export function addressRefused(access: Access | undefined): AddressRefused | undefined {
  if (access === undefined || isInside(access.address, access.networks)) return undefined
  const { address, networks } = access
  return {
    kind: 'address-not-allowed',
    address,
    networks: networks.slice(0, MAX_SHOWN).map(({ text }) => text),
  }
}

/** Enough to recognise the list by. */
const MAX_SHOWN = 8
