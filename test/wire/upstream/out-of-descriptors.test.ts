/** A process that may open no more sockets says so, and holds it against no server. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { serveProcess } from '../../support/front-ends/serve-process.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Sets how high the number of a descriptor may be; those that are open stay. */
const allowDescriptors = (pid: number | undefined, limit: number): unknown =>
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:`])

test('a request without a descriptor left is told as that, puts no server out, and the next one is served', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await serveProcess(upstream.port, { workers: 1 })
  const { pid } = frontEnd.child
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  allowDescriptors(pid, 3)
  for (let n = 0; n < 8; n += 1) {
    device.send(REQUEST)
    expect((await device.response()).startLine).toContain('503')
  }
  allowDescriptors(pid, 1024)
  device.send(REQUEST)
  expect((await device.response()).startLine).toContain('200')
  const failed = await frontEnd.waitForLines(8, (line) => line['failure'] !== undefined)
  expect(new Set(failed.map(({ failure }) => failure))).toEqual(new Set(['out-of-descriptors']))
  expect(frontEnd.lines.map(({ msg }) => String(msg)).join()).not.toContain('unavailable')
})

test('a file that states more connections than descriptors fit refuses to start', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const limits = ['connections: 1000000']
  await expect(
    serveProcess(upstream.port, { workers: 1, limits }).then((one) => one[Symbol.asyncDispose]()),
  ).rejects.toThrow(/wanted all of them to fit/u)
})
