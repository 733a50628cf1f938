import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Program } from '../programs/program.ts'
import { claimPort, CLAIMED_RANGE, claimPorts, isListenedOn } from './claim-port.ts'

/** Below the range of all other tests, and so small that processes without claims would meet. */
const NARROW = { first: 11_000, last: 11_099 }

interface Claimant {
  readonly ports: readonly number[]
  readonly program: Program
}

/** Another process that claims ports and holds them. */
async function claimant(count: number): Promise<Claimant> {
  const { first, last } = NARROW
  const script = join(import.meta.dirname, 'claim-ports-process.ts')
  const program = new Program(process.execPath, [script, `${count}`, `${first}`, `${last}`], {
    hasInput: true,
  })
  const [line] = await program.until(/^.*\n/)
  return { ports: JSON.parse(line) as number[], program }
}

/** The first and the last port that Linux chooses itself. */
const KERNEL_RANGE = '/proc/sys/net/ipv4/ip_local_port_range'

test.skipIf(!existsSync(KERNEL_RANGE))('the kernel chooses no port that is for claims', () => {
  const [first = 0] = readFileSync(KERNEL_RANGE, 'utf8').trim().split(/\s+/u).map(Number)
  expect(first).toBeGreaterThan(CLAIMED_RANGE.last)
})

test('processes that claim at the same time never get the same port', async () => {
  const claims = await Promise.all([claimant(30), claimant(30), claimPorts(30, NARROW)])
  const [one, other, own] = claims
  expect(new Set([...one.ports, ...other.ports, ...own]).size).toBe(90)
  await Promise.all([one.program.end(), other.program.end()])
})

test('a claim ends with its process, however that ends', async () => {
  const { ports, program } = await claimant(1)
  const [port = 0] = ports
  const same = { first: port, last: port }
  await expect(claimPort(same)).rejects.toThrow('wanted a free one')
  await program.end('SIGKILL')
  expect(await claimPort(same)).toBe(port)
})

test('a port on which something listens is not claimed', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await expect(claimPort({ first: port, last: port })).rejects.toThrow('wanted a free one')
  server.close()
})

test('a claimed port refuses connections, and takes a server', async () => {
  const port = await claimPort()
  expect(await isListenedOn(port)).toBe(false)
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  expect(await isListenedOn(port)).toBe(true)
  server.close()
})
