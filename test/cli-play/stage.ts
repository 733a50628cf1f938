/**
 * A front end that serves, devices that have called it, and the files that commands are given.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { onPostgres } from '../support/store/postgres.ts'
import { claimPorts } from '../support/ports/claim-port.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { mintCrl } from '../support/certificates/mint-crl.ts'
import { mintCa } from '../support/certificates/mint.ts'
import { writeMaterial, type Material } from '../story/certificates.ts'
import { startCore, type Core } from '../story/core.ts'
import { makeFleet, mintAuthorities, SETTING_NAMES, type Device } from '../story/devices.ts'
import { requestOnce } from '../story/device-request.ts'
import { ServeProcess, type StorePlace } from '../story/serve-process.ts'
import { tfe } from '../support/cli/run-command.ts'
import { recordingProxy, type RecordingProxy } from './recording-proxy.ts'

/** Configurations with a store of their own: one made anew, and one that begins with the keys and the export of another. */
export const OTHER_STORES = ['second', 'holder', 'heir', 'unborn'] as const

/** What scenarios are played on. */
export class Stage implements AsyncDisposable {
  readonly folder: string
  readonly proxy: RecordingProxy
  readonly core: Core
  readonly token: string
  readonly devices: readonly Device[]
  readonly store: StorePlace['kind']
  readonly #storePlace: StorePlace
  readonly #values = new Map<string, string>()
  readonly #serveProcess: ServeProcess
  readonly #siteRoot: string

  private constructor(made: {
    readonly serveProcess: ServeProcess
    readonly proxy: RecordingProxy
    readonly core: Core
    readonly material: Material
    readonly devices: readonly Device[]
    readonly store: StorePlace
  }) {
    this.#serveProcess = made.serveProcess
    this.folder = made.serveProcess.folder
    this.token = made.serveProcess.token
    this.proxy = made.proxy
    this.core = made.core
    this.devices = made.devices
    this.store = made.store.kind
    this.#storePlace = made.store
    this.#siteRoot = made.material.siteRoot
  }

  /** Serves from a new store of this kind. */
  static async open(store: StorePlace): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'tfe-cli-play-'))
    const authorities = mintAuthorities()
    const material = writeMaterial(folder, authorities)
    const core = await startCore(material)
    const { port: upstreamPort, legacyPort } = core
    const serveProcess = await ServeProcess.create({ folder, store, upstreamPort, legacyPort })
    // A ring is read when the program starts: with a second key, it can rotate.
    await mustRun(['keys', 'new', '--config', join(folder, 'tfe.yaml')])
    await serveProcess.start()
    const proxy = await recordingProxy(serveProcess.ports.admin)
    const devices = makeFleet(40, authorities, new SeededRandom(1))
    const stage = new Stage({ serveProcess, proxy, core, material, devices, store })
    await stage.#writeFiles(store)
    return stage
  }

  /** The value of a name, for `$name` in a command line. */
  value(name: string): string {
    const value = this.#values.get(name)
    if (value === undefined) throw new Error(`no scenario before has made $${name}`)
    return value
  }

  keep(name: string, value: unknown): void {
    if (typeof value !== 'string') throw new Error(`$${name} is no text`)
    this.#values.set(name, value)
  }

  /** Writes a file that a command is given; `$name` is its path from then on. */
  file(name: string, file: string, content: string | Buffer): void {
    const path = join(this.folder, file)
    writeFileSync(path, content, { mode: 0o600 })
    this.#values.set(name, path)
  }

  /** Has every device that has a certificate check in once, and returns the statuses. */
  async checkIn(): Promise<readonly number[]> {
    const address = { port: this.#serveProcess.ports.devices, siteRoot: this.#siteRoot }
    const statuses: number[] = []
    for (const { certificate, facts } of this.devices) {
      const request = { certificate, path: facts.checkIn.path, userAgent: facts.userAgent }
      statuses.push(await requestOnce(address, request))
    }
    return statuses
  }

  /** Waits until the devices that called can be listed: sightings are written in batches. */
  async listed(count: number): Promise<void> {
    const env = { TFE_ADMIN_URL: this.proxy.url, TFE_ADMIN_TOKEN: this.token }
    for (;;) {
      const { out } = await tfe(['devices', 'list', '--json'], env)
      if ((JSON.parse(out) as { items: readonly unknown[] }).items.length >= count) return
      await setTimeout(POLL_MS)
    }
  }

  /** Has a client without a certificate refused, and waits until that can be listed. */
  async refused(): Promise<void> {
    const address = { port: this.#serveProcess.ports.devices, siteRoot: this.#siteRoot }
    const [device] = this.devices
    await requestOnce(address, {
      certificate: undefined,
      path: device?.facts.checkIn.path ?? '/',
      userAgent: 'curl',
    })
    const env = { TFE_ADMIN_URL: this.proxy.url, TFE_ADMIN_TOKEN: this.token }
    for (;;) {
      const { out } = await tfe(['refusals', '--code', 'no-certificate', '--json'], env)
      if ((JSON.parse(out) as { items: readonly unknown[] }).items.length > 0) return
      await setTimeout(POLL_MS)
    }
  }

  /** Joins a key and an id to a device by a refused certificate, as programs of before did. */
  async linkByRefused(): Promise<void> {
    const own = `from device_keys join certificates on certificates.key = device_keys.key
      where verdict = 'admit' order by fingerprint limit 1`
    const copied = 'issuer_key, issuer, not_before, not_after, setting, first_seen, last_seen'
    const held = copied.replace('first_seen', 'certificates.first_seen')
    const statements = [
      `insert into certificates (fingerprint, key, serial, subject, signed_ids, sound, verdict, code, ${copied})
        select 'forged', 'forged', '0b', 'CN=forged', '["urn:sn:forged"]', 1, 'refuse', 'denied-issuer', ${held} ${own}`,
      `insert into signed_ids (id, device) select 'urn:sn:forged', device ${own}`,
      `insert into device_keys (key, device, first_seen)
        select 'forged', device, device_keys.first_seen + 1 ${own}`,
    ]
    const place = this.#storePlace
    if (place.kind === 'postgres') {
      await onPostgres(place.url, `set search_path = ${place.schema}`, ...statements)
      return
    }
    const database = new DatabaseSync(join(this.folder, 'data/tfe.sqlite'))
    for (const statement of statements) database.exec(statement)
    database.close()
  }

  /** Takes the upstreams away, and waits until what that means for devices is listed. */
  async loseUpstreams(): Promise<void> {
    await this.core[Symbol.asyncDispose]()
    const statuses = await this.checkIn()
    const env = { TFE_ADMIN_URL: this.proxy.url, TFE_ADMIN_TOKEN: this.token }
    for (let waits = 0; waits < 100; waits += 1) {
      const { out } = await tfe(['upstream', 'errors', '--json'], env)
      if ((JSON.parse(out) as { items: readonly unknown[] }).items.length > 0) return
      await setTimeout(POLL_MS)
    }
    throw new Error(`no error of an upstream is listed after ${statuses.join(' ')}`)
  }

  async #writeFiles(store: StorePlace): Promise<void> {
    const config = join(this.folder, 'tfe.yaml')
    this.keep('config', config)
    this.keep('folder', this.folder)
    this.keep('url', this.proxy.url)
    this.keep('server', `localhost:${this.core.port}`)
    this.keep('old', SETTING_NAMES.old)
    this.file('token', 'cli-token', `${this.token}\n`)
    this.file('adminca', 'admin-ca.pem', this.proxy.ca)
    const next = mintCa({ name: 'Next CA' })
    this.file('nextca', 'next-ca.pem', next.pem)
    this.file('crl', 'next-ca.crl', mintCrl({ issuer: next }))
    const valid = this.devices.find(
      ({ certificate: it }) => it?.issuer === 'old' && it.notAfter > Date.now(),
    )
    this.file('cert', 'device.pem', valid?.certificate?.leaf.chainPem ?? '')
    this.file('csv', 'inventory.csv', 'id,name,class\nt-1,Phone,ios-maw\nt-2,Tablet,android-maw\n')
    this.file('json', 'inventory.json', JSON.stringify([{ id: 't-3', name: 'Laptop' }]))
    this.file('faulty', 'faulty.yaml', 'profile: epmm\nworkers: many\n')
    for (const name of OTHER_STORES) {
      this.file(name, `${name}.yaml`, await this.#otherConfiguration(name, store))
    }
    for (const name of ['demo', 'demoupstream', 'demometrics', 'demoadmin']) {
      const [port = 0] = await claimPorts(1)
      this.keep(name, String(port))
    }
  }

  /** The same front end on other ports, with a store and a key ring of its own. */
  async #otherConfiguration(name: string, store: StorePlace): Promise<string> {
    const { ports } = this.#serveProcess
    const fresh = await claimPorts(4)
    let text = readFileSync(join(this.folder, 'tfe.yaml'), 'utf8')
      .replace('tfe.sqlite', `${name}.sqlite`)
      .replace('file:tfe.keys', `file:${name}.keys`)
    if (store.kind === 'postgres') text = text.replace(store.schema, `${store.schema}_${name}`)
    for (const [at, port] of Object.values(ports).entries()) {
      text = text.replace(`port: ${port}`, `port: ${fresh[at] ?? 0}`)
    }
    return text
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#serveProcess.stop()
    await this.proxy[Symbol.asyncDispose]()
    await this.core[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The admin API takes so many calls in a minute, and no more. */
const POLL_MS = 200

async function mustRun(argv: readonly string[]): Promise<void> {
  const { code, err } = await tfe(argv)
  if (code !== 0) throw new Error(`tfe ${argv.join(' ')} ended with ${code}: ${err}`)
}
