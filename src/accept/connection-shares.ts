/**
 * How the connections of one port are shared out. Those of devices that are vouched for may be all of them; the others together,
 * handshakes under way included, are at most a share. Where there is no room for one that arrives, one of the others is closed:
 * so a device that arrives has its handshake beside what strangers hold open, and keeps its connection once it is vouched for.
 *
 * What this does not do: where strangers of more addresses than the fleet has connections per address all have requests under way
 * on open rows, a fleet behind one address still makes room for itself (the row `busy` of test/accept/connection-shares.test.ts); and with room for
 * one or two connections, each that arrives ends the handshake of the one before.
 */

/** One connection, as it is counted here. What links it to others is set by the shares alone. */
export interface CountedConnection {
  holder: Holder | undefined
  older: CountedConnection | undefined
  newer: CountedConnection | undefined
  /** How many had arrived before it. */
  place: number
  /** The network that it is counted by (`countedNetwork`). */
  readonly network: string
  /** Its handshake is done, and its end would cut off no request. */
  readonly isIdle: boolean
  /** Its handshake is under way. */
  readonly isArriving: boolean
  /** Closes it, to make room for another. */
  makeRoom(): void
  /** Closes it, because the port is closed. */
  destroy(): void
}

/** Who holds the connections of a port. */
export interface ConnectionUse {
  /** How many there may be. */
  readonly connections: number
  /** Of devices that are vouched for. */
  readonly vouched: number
  /** Of all others, and how many there may be of those. */
  readonly held: number
  readonly share: number
  /** The address that holds most of those of the others or, where they have none, of the devices that are vouched for. */
  readonly top: { readonly address: string; readonly held: number } | undefined
}

/** Counts the connections of one port and says which one is closed to make room. */
export class ConnectionShares {
  readonly #connections: number
  readonly #share: number
  #arrived = 0
  readonly #vouched = new Holder()
  /** Bounded by the connections: an address is forgotten with its last connection. */
  readonly #byAddress = new Map<string, Holder>()
  #held = 0

  constructor(connections: number) {
    this.#connections = connections
    this.#share = shareOf(connections)
  }

  /** Takes in one that has just arrived; false where devices that are vouched for hold all there may be. */
  arrive(connection: CountedConnection): boolean {
    const left = this.#connections - this.#vouched.held
    if (left <= 0) return false
    if (this.#held >= Math.min(left, this.#share)) this.#makeRoomFor(connection.network)
    connection.place = this.#arrived
    this.#arrived += 1
    this.#hold(connection)
    return true
  }

  /** Its network is known better than before. */
  move(connection: CountedConnection): void {
    if (this.#drop(connection)) this.#hold(connection)
  }

  /** Its device has a fit certificate: from now on it counts for no address, and is closed for no other. */
  vouch(connection: CountedConnection): void {
    if (this.#drop(connection)) this.#vouched.add(connection)
  }

  /**
   * Its device is fit no longer. The others may be more than their share by it: none is closed for that alone, because each that
   * arrives makes one of them end, and there are never more than there may be altogether.
   */
  unvouch(connection: CountedConnection): void {
    if (connection.holder !== this.#vouched) return
    this.#vouched.remove(connection)
    this.#hold(connection)
  }

  /** It has ended; one that has left, or made room, before changes nothing. */
  leave(connection: CountedConnection): void {
    if (connection.holder === this.#vouched) this.#vouched.remove(connection)
    else this.#drop(connection)
  }

  /** Of devices that are vouched for, for the metrics. */
  get vouched(): number {
    return this.#vouched.held
  }

  /** Of all others, for the metrics. */
  get held(): number {
    return this.#held
  }

  /** Who holds what now, for the log. */
  get use(): ConnectionUse {
    const { held, vouched } = this
    const top = held > 0 ? this.#topAddress() : topOf(this.#vouched)
    return { connections: this.#connections, vouched, held, share: this.#share, top }
  }

  /** All of them, in no order. None may leave meanwhile. */
  *[Symbol.iterator](): Iterator<CountedConnection> {
    yield* this.#vouched
    for (const holder of this.#byAddress.values()) yield* holder
  }

  #hold(connection: CountedConnection): void {
    const { network } = connection
    const holder = this.#byAddress.get(network) ?? new Holder(network)
    // To the end: of addresses that hold as many, one whose connections are old must make room before a handshake that has begun.
    this.#byAddress.delete(network)
    this.#byAddress.set(network, holder)
    holder.add(connection)
    this.#held += 1
  }

  /** Whether it was one of those that are not vouched for. */
  #drop(connection: CountedConnection): boolean {
    const { holder } = connection
    if (holder === undefined || holder === this.#vouched) return false
    holder.remove(connection)
    this.#held -= 1
    if (holder.held === 0) this.#byAddress.delete(holder.address)
    return true
  }

  #makeRoomFor(network: string): void {
    let closed = this.#topHolder(this.#byAddress.get(network))?.firstToClose
    if (closed === undefined) return
    if (closed.isArriving && this.#isNew(closed)) closed = this.#unusedForLong ?? closed
    closed.makeRoom()
    this.#drop(closed)
  }

  /**
   * The address that holds most; of several, the one that is preferred, so that it makes room for itself, or else the one that
   * none came from for longest.
   *
   * No part of the share is an address's own, and none is kept from it: behind one address may be a whole fleet before it is
   * enrolled, or all there is where a balancer sends no PROXY header, and a fixed part would turn it away while there is room.
   * An address that others want room beside gives it up, one connection after the other, until none holds more than they do.
   */
  #topHolder(preferred?: Holder): Holder | undefined {
    let top = preferred
    // With 3,000 addresses some 30 microseconds, less than accepting the connection for which it is asked.
    for (const holder of this.#byAddress.values()) if (holder.held > (top?.held ?? 0)) top = holder
    return top
  }

  /**
   * Where strangers of very many addresses hold one connection each, two handshakes from one address are the most that any has:
   * each device of a fleet behind one address would then end the handshake of the one before it, and none would get in. An address
   * that floods gains little by it: once it holds as many as count as new, its oldest is none of them.
   */
  #isNew({ place }: CountedConnection): boolean {
    return this.#arrived - place <= this.#share / NEW_OF_SHARE
  }

  /** One of an address that none came from for long, which loses nothing: idle, or in a handshake that does not go on. */
  get #unusedForLong(): CountedConnection | undefined {
    let looked = 0
    for (const { firstToClose: one } of this.#byAddress.values()) {
      if (one !== undefined && (one.isIdle || one.isArriving) && !this.#isNew(one)) return one
      looked += 1
      if (looked === LOOKED_AT) break
    }
    return undefined
  }

  #topAddress(): ConnectionUse['top'] {
    const top = this.#topHolder()
    return top && { address: top.address, held: top.held }
  }
}

/** A `Holder` is the connections of one address, or all that are vouched for, in the order in which they came. */
class Holder implements Iterable<CountedConnection> {
  readonly address: string
  held = 0
  #oldest: CountedConnection | undefined
  #newest: CountedConnection | undefined

  constructor(address = '') {
    this.address = address
  }

  add(connection: CountedConnection): void {
    connection.holder = this
    connection.older = this.#newest
    if (this.#newest === undefined) this.#oldest = connection
    else this.#newest.newer = connection
    this.#newest = connection
    this.held += 1
  }

  remove(connection: CountedConnection): void {
    const { older, newer } = connection
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    // What is gone must lead to nothing: once old itself, it would carry its neighbours into the old generation of the heap.
    connection.holder = undefined
    connection.older = undefined
    connection.newer = undefined
    this.held -= 1
  }

  /** An idle one, which loses nothing; the oldest where none of those that came first is. */
  get firstToClose(): CountedConnection | undefined {
    let looked = 0
    for (const connection of this) {
      if (connection.isIdle) return connection
      looked += 1
      if (looked === LOOKED_AT) break
    }
    return this.#oldest
  }

  *[Symbol.iterator](): Iterator<CountedConnection> {
    let next = this.#oldest
    while (next !== undefined) {
      yield next
      next = next.newer
    }
  }
}

/** Asked once a minute at most, so that vouched connections need not be counted by address all the time. */
function topOf(vouched: Iterable<CountedConnection>): ConnectionUse['top'] {
  const counts = new Map<string, number>()
  let top: ConnectionUse['top']
  for (const { network: address } of vouched) {
    const held = (counts.get(address) ?? 0) + 1
    counts.set(address, held)
    if (held > (top?.held ?? 0)) top = { address, held }
  }
  return top
}

/**
 * Three quarters: before enrolment, and while enforcement is recording, the unvouched are the fleet itself, and every
 * connection is one until its handshake is done. The last quarter is enough for a fleet that comes back to be taken in while
 * strangers hold all of theirs; each that is vouched for gives its place among the others back.
 */
const shareOf = (connections: number): number => Math.max(1, Math.floor((connections * 3) / 4))

/** An eighth: of 7,500, as many as 900 handshakes from one address at a time. */
const NEW_OF_SHARE = 8
/** Closing must cost the same however many one address holds. */
const LOOKED_AT = 64
