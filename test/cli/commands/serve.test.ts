import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { clientTls, fleet, productYaml, writeFiles } from '../../support/front-ends/product.ts'
import { MAIN, serveProcess } from '../../support/front-ends/serve-process.ts'
import { Program } from '../../support/programs/program.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'

test('two workers share the port, and one scrape counts the requests of both', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers: 2 })
  const asked = 24
  for (let turn = 0; turn < asked; turn += 1) {
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    device.send(REQUEST)
    expect((await device.response()).startLine).toContain('200')
  }
  const workers = new Set(
    (await frontEnd.waitForLines(asked, (line) => 'decision' in line)).map(
      (line) => line['worker'],
    ),
  )
  expect(workers.size).toBe(2)
  const metrics = await frontEnd.fetchStatus('/metrics')
  expect(metrics).toMatch(/tfe_requests_total\{[^}]*code="verified"[^}]*\} 24/)
})

test('a worker that dies is replaced, and the front end says so meanwhile', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers: 2 })
  const children = await childrenOf(frontEnd.child)
  expect(children).toHaveLength(2)
  process.kill(children[0] ?? 0, 'SIGKILL')
  await frontEnd.waitForLines(1, (line) => /starting another/.test(String(line['msg'])))
  await until(async () => (await frontEnd.fetchStatus('/readyz')).startsWith('ready'))
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send(REQUEST)
  expect((await device.response()).startLine).toContain('200')
})

for (const workers of [1, 2]) {
  test(`SIGTERM lets the request under way finish, then ends with 0 (${workers} workers)`, async () => {
    const asked = Promise.withResolvers<() => void>()
    await using upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
      await peer.request()
      asked.resolve(() => peer.write(OK))
    })
    // Long enough for a busy machine: the request is to end by itself.
    await using frontEnd = await serveProcess(upstream.port, { workers, yaml: { drain: ' 20s' } })
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    device.send(REQUEST)
    const answer = await asked.promise
    frontEnd.child.kill('SIGTERM')
    await frontEnd.waitForLines(1, (line) => line['msg'] === 'draining')
    expect(await frontEnd.fetchStatus('/readyz')).toContain('draining')
    answer()
    expect((await device.response()).startLine).toContain('200')
    expect(await frontEnd.exit).toBe(0)
  })

  test(`SIGHUP applies a changed file, and refuses a broken one (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await serveProcess(upstream.port, { workers })
    frontEnd.writeConfiguration({ rows: ['{ id: no-x, path: /device/x, class: denied }'] })
    frontEnd.child.kill('SIGHUP')
    await frontEnd.waitForLines(1, (line) => line['msg'] === 'reload applied')
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    device.send(REQUEST)
    expect((await device.response()).startLine).toContain('403')
    frontEnd.writeConfiguration({ yaml: { profile: ' nonsense' } })
    frontEnd.child.kill('SIGHUP')
    const [refused] = await frontEnd.waitForLines(1, (line) =>
      /reload refused/.test(String(line['msg'])),
    )
    expect(JSON.stringify(refused?.['faults'])).toContain('tfe.yaml:1:')
    expect(await frontEnd.fetchStatus('/metrics')).toContain(
      'tfe_reload_total{outcome="refused"} 1',
    )
  })
}

test('a port that is taken is said in a sentence, and ends with 3', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    const { code, complaint } = await failed(port)
    expect(complaint).toMatch(new RegExp(`tfe\\.yaml:\\d+:\\d+.*127\\.0\\.0\\.1:${port} in use`))
    expect(complaint).not.toContain('    at ')
    expect(code).toBe(3)
  } finally {
    server.close()
  }
})

async function failed(
  port: number,
): Promise<{ readonly code: number | null; readonly complaint: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-failed-'))
  try {
    writeFiles(folder)
    const text = productYaml({ upstreamPort: 1 }).replace('port: 0\n', `port: ${port}\n`)
    const file = join(folder, 'tfe.yaml')
    writeFileSync(file, text)
    const program = new Program(process.execPath, [MAIN, 'serve', '--config', file])
    return { code: await program.ended, complaint: program.err }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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
