/**
 * What devices meet over real TLS: each row that they ask for, inside and outside, and the sync port; the code is what the log
 * says of that very request.
 */
import { hash, X509Certificate } from 'node:crypto'
import type { Foretold } from '../../../src/decide/foretell.ts'
import type { Leaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { TunnelClient } from '../../support/front-ends/product-with-tunnels.ts'
import { clientTls, type Line } from '../../support/front-ends/product.ts'
import type { ServeProcess } from '../../support/front-ends/serve-process.ts'
import type { Verdicts } from '../../admin/preview/real-judge.ts'

/** Rows of the table, by their ids, which are the beginnings of their paths. */
export const ROWS = ['data', 'renew', 'token', 'old-token', 'enroll'] as const

/** Where the listeners are. */
export interface Ports {
  readonly inside: number
  readonly outside: number
  /** Undefined for a front end without a sync port. */
  readonly sync: number | undefined
}

/** The key of a certificate, as the product names it. */
export const keyOf = ({ der }: Leaf): string =>
  hash('sha256', new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' }))

/** Sends devices to a front end. */
export class Meetings {
  readonly #frontEnd: ServeProcess
  readonly #ports: Ports
  #requests = 0
  #tunnels = 0
  #turn: Promise<unknown> = Promise.resolve()
  /** How often a device was turned away by a listener so far: the log has a line for each time. */
  readonly #turnedAwayBefore = new Map<string, number>()

  constructor(frontEnd: ServeProcess, ports: Ports) {
    this.#frontEnd = frontEnd
    this.#ports = ports
  }

  /** What devices meet everywhere now, by their names and by row as previews name them. */
  async verdictsOf(
    devices: Iterable<readonly [name: string, leaf: Leaf | undefined]>,
  ): Promise<ReadonlyMap<string, Verdicts>> {
    const met = await Promise.all(
      [...devices].map(async ([name, leaf]) => [name, await this.#meet(leaf)] as const),
    )
    const verdicts = new Map<string, Verdicts>()
    // The log is long, and looked through when all of it is there.
    for (const [name, lines] of met) {
      const told: Met[] = []
      for (const line of lines) told.push(await line())
      verdicts.set(name, new Map(told.flat()))
    }
    return verdicts
  }

  async #meet(leaf: Leaf | undefined): Promise<readonly ToldByLog[]> {
    const { inside, outside, sync } = this.#ports
    return await Promise.all([
      this.#ask({ listener: 'devices', place: 'inside', port: inside }, leaf),
      this.#ask({ listener: 'edge', place: 'outside', port: outside }, leaf),
      ...(sync === undefined ? [] : [this.#relayInTurn(sync, leaf)]),
    ])
  }

  async #ask(listener: Listener, leaf: Leaf | undefined): Promise<ToldByLog> {
    const { place, port } = listener
    await using device = await Device.to(port, clientTls(port, leaf))
    const served = new Map<string, boolean>()
    for (const row of ROWS) {
      this.#requests += 1
      const path = `/${row}/${this.#requests}`
      device.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      const response = await device.response().catch(() => undefined)
      // No row could admit it, so its connection ends before a request is read.
      if (response === undefined && served.size === 0) return this.#turnedAway(listener, leaf)
      served.set(path, response?.startLine === 'HTTP/1.1 200 OK')
    }
    return async () => {
      const isOne = (line: Line): boolean => served.has(String(line['path']))
      const lines = await this.#frontEnd.waitForLines(served.size, isOne)
      return lines.map((line) => [
        `tested/${String(line['route'])} (${place})`,
        verdictIn(line, served.get(String(line['path']))),
      ])
    }
  }

  #turnedAway({ listener, place }: Listener, leaf: Leaf | undefined): ToldByLog {
    const key = leaf === undefined ? undefined : keyOf(leaf)
    const who = `${listener} ${key ?? ''}`
    const count = (this.#turnedAwayBefore.get(who) ?? 0) + 1
    this.#turnedAwayBefore.set(who, count)
    const isOne = (line: Line): boolean =>
      line['outcome'] === 'closed-before-request' &&
      line['listener'] === listener &&
      keyIn(line) === key
    return async () => {
      const line = (await this.#frontEnd.waitForLines(count, isOne)).at(-1) ?? {}
      const verdict = { admitted: false, code: String(line['code']) }
      return ROWS.map((row) => [`tested/${row} (${place})`, verdict])
    }
  }

  /** One after the other: the line of a port that is closed says nothing of the device, and is told by its time. */
  #relayInTurn(port: number, leaf: Leaf | undefined): Promise<ToldByLog> {
    const turn = this.#turn.then(() => this.#relay(port, leaf))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #relay(port: number, leaf: Leaf | undefined): Promise<ToldByLog> {
    const client = await TunnelClient.to(clientTls(port, leaf))
    client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const isServed = await client.receiveUntil('200 OK').then(
      () => true,
      () => false,
    )
    client.socket.destroy()
    const place = this.#tunnels
    this.#tunnels += 1
    return async () => {
      const isOne = ({ msg }: Line): boolean => msg === 'tunnel'
      const lines = await this.#frontEnd.waitForLines(this.#tunnels, isOne)
      // Each worker writes its own lines, some time after.
      const line = lines.toSorted(byOpening)[place] ?? {}
      const key = keyIn(line)
      if (key !== undefined && key !== (leaf && keyOf(leaf))) throw new Error(JSON.stringify(line))
      return [['sync', verdictIn(line, isServed)]]
    }
  }
}

/** Reads what the log says of a connection that is over. */
type ToldByLog = () => Promise<Met>

type Met = readonly (readonly [row: string, verdict: Foretold])[]

interface Listener {
  readonly listener: string
  readonly place: string
  readonly port: number
}

const keyIn = (line: Line): string | undefined =>
  (line['device'] as { readonly key: string } | undefined)?.key

const byOpening = (one: Line, two: Line): number =>
  Date.parse(String(one['opened_at'])) - Date.parse(String(two['opened_at']))

/** What the log says, which is what the device was told. */
function verdictIn(line: Line, isServed: boolean | undefined): Foretold {
  const { decision, code, would_refuse: recorded } = line
  const admitted = decision === 'admit'
  if (isServed !== admitted) throw new Error(JSON.stringify({ isServed, line }))
  return { admitted, code: String(recorded ?? code) }
}
