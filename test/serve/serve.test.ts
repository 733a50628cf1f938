import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Device } from '../support/device.ts'
import { fleetUpstream } from '../support/fleet-upstream.ts'
import { calling, fleet, productYaml, writeFiles, type Line } from '../support/product.ts'
import { answering, OK, rawUpstream } from '../support/upstream.ts'

const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
const MAIN = join(import.meta.dirname, '../../src/main.ts')

test('two workers share the port, and one scrape counts the requests of both', async () => {
  await using upstream = await rawUpstream(fleetUpstream, answering(OK))
  await using house = await served(upstream.port, { workers: 2 })
  const asked = 24
  for (let turn = 0; turn < asked; turn += 1) {
    await using device = await Device.to(house.port, calling(house.port, fleet.device))
    device.send(REQUEST)
    expect((await device.response()).startLine).toContain('200')
  }
  const workers = new Set(
    (await house.linesOf(asked, (line) => 'decision' in line)).map((line) => line['worker']),
  )
  expect(workers.size).toBe(2)
  const metrics = await house.ask('/metrics')
  expect(metrics).toMatch(/tfe_requests_total\{[^}]*code="verified"[^}]*\} 24/)
})

test('a worker that dies is replaced, and the front end says so meanwhile', async () => {
  await using upstream = await rawUpstream(fleetUpstream, answering(OK))
  await using house = await served(upstream.port, { workers: 2 })
  const children = await childrenOf(house.child)
  expect(children).toHaveLength(2)
  process.kill(children[0] ?? 0, 'SIGKILL')
  await house.linesOf(1, (line) => /starting another/.test(String(line['msg'])))
  await until(async () => (await house.ask('/readyz')).startsWith('ready'))
  await using device = await Device.to(house.port, calling(house.port, fleet.device))
  device.send(REQUEST)
  expect((await device.response()).startLine).toContain('200')
})

for (const workers of [1, 2]) {
  test(`SIGTERM lets the request under way finish, then ends with 0 (${workers} workers)`, async () => {
    const asked = Promise.withResolvers<() => void>()
    await using upstream = await rawUpstream(fleetUpstream, async (peer) => {
      await peer.request()
      asked.resolve(() => peer.write(OK))
    })
    await using house = await served(upstream.port, { workers })
    await using device = await Device.to(house.port, calling(house.port, fleet.device))
    device.send(REQUEST)
    const answer = await asked.promise
    house.child.kill('SIGTERM')
    await house.linesOf(1, (line) => line['msg'] === 'draining')
    expect(await house.ask('/readyz')).toContain('draining')
    answer()
    expect((await device.response()).startLine).toContain('200')
    expect(await house.exit).toBe(0)
  })

  test(`SIGHUP applies a changed file, and refuses a broken one (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(fleetUpstream, answering(OK))
    await using house = await served(upstream.port, { workers })
    house.write({ rows: ['{ id: no-x, path: /device/x, class: denied }'] })
    house.child.kill('SIGHUP')
    await house.linesOf(1, (line) => line['msg'] === 'reload applied')
    await using device = await Device.to(house.port, calling(house.port, fleet.device))
    device.send(REQUEST)
    expect((await device.response()).startLine).toContain('403')
    house.write({ yaml: { profile: ' nonsense' } })
    house.child.kill('SIGHUP')
    const [refused] = await house.linesOf(1, (line) => /reload refused/.test(String(line['msg'])))
    expect(JSON.stringify(refused?.['faults'])).toContain('tfe.yaml:1:')
    expect(await house.ask('/metrics')).toContain('tfe_reload_total{outcome="refused"} 1')
  })
}

test('a port that is taken is said in a sentence, and ends with 3', async () => {
  const { server, port } = await occupied()
  try {
    const { code, complaint } = await failed(port)
    expect(complaint).toMatch(new RegExp(`tfe\\.yaml:\\d+:\\d+.*127\\.0\\.0\\.1:${port} in use`))
    expect(complaint).not.toContain('    at ')
    expect(code).toBe(3)
  } finally {
    server.close()
  }
})

interface Served extends AsyncDisposable {
  readonly child: ChildProcess
  readonly port: number
  readonly exit: Promise<number | null>
  /** The first `count` lines that fit, past or future. */
  linesOf(count: number, fits: (line: Line) => boolean): Promise<readonly Line[]>
  ask(path: string): Promise<string>
  write(changes: Changes): void
}

interface Changes {
  readonly rows?: readonly string[]
  readonly yaml?: Readonly<Record<string, string>>
}

/** `tfe serve` as a process of its own, ready. */
async function served(
  upstreamPort: number,
  options: { readonly workers: number },
): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-served-'))
  const [port, statusPort] = await freePorts(2)
  const write = (changes: Changes): void => {
    const text = productYaml({
      ...options,
      upstreamPort,
      ...changes,
      yaml: { metrics: ` { address: 127.0.0.1, port: ${statusPort} }`, ...changes.yaml },
    })
    writeFileSync(join(folder, 'tfe.yaml'), text.replace('port: 0\n', `port: ${port}\n`))
  }
  writeFiles(folder)
  write({})
  const child = spawn(process.execPath, [MAIN, 'serve', '--config', join(folder, 'tfe.yaml')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code))
  })
  const log = new Log(child)
  await log.linesOf(1, (line) => line['msg'] === 'serving')
  return {
    child,
    port: port ?? 0,
    exit,
    write,
    linesOf: (count, fits) => log.linesOf(count, fits),
    ask: async (path) => (await fetch(`http://127.0.0.1:${statusPort}${path}`)).text(),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exit
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

class Log {
  readonly #lines: Line[] = []
  readonly #waiting = new Set<() => void>()

  constructor({ stdout }: ChildProcess) {
    let rest = ''
    stdout?.setEncoding('utf8')
    stdout?.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      this.#lines.push(...lines.map((line) => JSON.parse(line) as Line))
      for (const wake of this.#waiting) wake()
    })
  }

  async linesOf(count: number, fits: (line: Line) => boolean): Promise<readonly Line[]> {
    for (;;) {
      const found = this.#lines.filter(fits)
      if (found.length >= count) return found.slice(0, count)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      await promise
      this.#waiting.delete(resolve)
    }
  }
}

async function failed(
  port: number,
): Promise<{ readonly code: number | null; readonly complaint: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-failed-'))
  try {
    writeFiles(folder)
    const text = productYaml({ upstreamPort: 1 }).replace('port: 0\n', `port: ${port}\n`)
    writeFileSync(join(folder, 'tfe.yaml'), text)
    const child = spawn(process.execPath, [MAIN, 'serve', '--config', join(folder, 'tfe.yaml')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let complaint = ''
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString()
    })
    const code = await new Promise<number | null>((resolve) => {
      child.once('close', (ended) => resolve(ended))
    })
    return { code, complaint }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Ports that were free a moment ago; workers cannot share one that the system chooses for each. */
async function freePorts(count: number): Promise<readonly number[]> {
  const occupants = await Promise.all(Array.from({ length: count }, () => occupied()))
  for (const { server } of occupants) server.close()
  await Promise.all(occupants.map(({ server }) => once(server, 'close')))
  return occupants.map(({ port }) => port)
}

async function occupied(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

async function childrenOf({ pid }: ChildProcess): Promise<readonly number[]> {
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').map(Number)
}

/** Asks again until it is so; each ask is a real round trip. */
async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so()));
}
