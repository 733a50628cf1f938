/** Requests that are sent without waiting for answers, and what may and may not follow the last of them. */
import { expect, test } from 'vitest'
import { type Device } from '../../support/devices/device.ts'
import { type Line } from '../../support/front-ends/product.ts'
import { productWithUpstream } from '../../support/front-ends/product-with-upstream.ts'
import { OK, type UpstreamPeer } from '../../support/upstreams/raw-upstream.ts'

const get = (path: string, ...fields: readonly string[]): string =>
  `${[`GET ${path} HTTP/1.1`, 'Host: localhost', ...fields].join('\r\n')}\r\n\r\n`

/** The status of every answer until the connection ends. */
async function answers(device: Device): Promise<readonly string[]> {
  const found: string[] = []
  for (;;) {
    try {
      found.push((await device.response()).startLine.split(' ')[1] ?? '')
    } catch {
      return found
    }
  }
}

const summary = (records: readonly Line[]): readonly string[] =>
  records.map(({ path, code, status }) => [path, code, status].join(' ')).toSorted()

/** The targets that the upstream was asked for. */
function targets(): {
  readonly seen: string[]
  readonly script: (peer: UpstreamPeer) => Promise<void>
} {
  const seen: string[] = []
  return {
    seen,
    script: async (peer) => {
      for (let next = await peer.request(); next !== undefined; next = await peer.request()) {
        seen.push(next.startLine.split(' ')[1] ?? '')
        peer.write(OK)
      }
    },
  }
}

test('eight requests sent at once are carried out and answered one after the other', async () => {
  const seen: string[] = []
  await using stage = await productWithUpstream(
    async (peer) => {
      for (let next = await peer.request(); next !== undefined; next = await peer.request()) {
        const [, target = ''] = next.startLine.split(' ')
        seen.push(target)
        peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`)
      }
    },
    // Enough to carry them out side by side, were it allowed.
    { upstreamLimits: ['connections: 16'] },
  )
  const paths = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `/device/${number}`)
  {
    await using device = await stage.device()
    device.send(paths.map((path) => get(path)).join(''))
    for (const path of paths) expect((await device.response()).body).toBe(path)
  }
  await stage.expectCleanState(8)
  expect(seen).toEqual([...paths, '/device/next'])
  expect(stage.upstream.peers).toHaveLength(1)
})

test('each of a hundred requests that are sent at once has one record and a number of its own, refused ones too', async () => {
  const { seen, script } = targets()
  await using stage = await productWithUpstream(script)
  const paths = Array.from(
    { length: 100 },
    (_, number) =>
      // Admitted, refused by its row, matched by no row, refused for its path.
      [`/device/${number}`, `/admin/${number}`, `/nowhere/${number}`, `/device/../${number}`][
        number % 4
      ] ?? '',
  )
  const statuses: string[] = []
  {
    await using device = await stage.device()
    device.send(paths.map((path) => get(path)).join(''))
    for (const _ of paths) {
      statuses.push((await device.response()).startLine.split(' ')[1] ?? '')
    }
  }
  expect(statuses).toEqual(paths.map((_, number) => ['200', '403', '404', '400'][number % 4]))
  const records = await stage.expectCleanState(100)
  expect(records.map(({ path }) => path)).toEqual(paths)
  // A device that is refused is told by which number; the others have none in their records.
  const numbers = records.map(({ reference }) => String(reference).split('-').at(-1))
  expect(numbers).toEqual(
    paths.map((_, number) => (number % 4 === 0 ? 'undefined' : String(number + 1))),
  )
  expect(new Set(records.map(({ connection }) => connection)).size).toBe(1)
  expect(seen).toEqual([...paths.filter((_, number) => number % 4 === 0), '/device/next'])
})

test('what is sent behind a request is not read before that one has its answer, however much it is', async () => {
  const { seen, script } = targets()
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  await using stage = await productWithUpstream(
    async (peer) => {
      await peer.until('/device/0')
      asked.resolve()
      await gate.promise
      await script(peer)
    },
    { upstreamLimits: ['connections: 16'] },
  )
  const paths = Array.from({ length: 300 }, (_, number) => `/device/${number}`)
  {
    await using device = await stage.device()
    device.send(paths.map((path) => get(path)).join(''))
    await asked.promise
    // The request of another device goes past all of them: they occupy no connection, and no place in a queue.
    await using other = await stage.device()
    other.send(get('/device/other'))
    expect((await other.response()).startLine).toBe('HTTP/1.1 200 OK')
    expect(stage.upstream.peers).toHaveLength(2)
    expect(stage.upstream.peers[0]?.pending.match(/GET /g)).toHaveLength(1)
    gate.resolve()
    for (const _ of paths) expect((await device.response()).startLine).toBe('HTTP/1.1 200 OK')
  }
  await stage.expectCleanState(301)
  expect(seen.filter((path) => paths.includes(path))).toEqual(paths)
})

test('a request behind one that says `Connection: close` is not read, and the one before is answered', async () => {
  const { seen, script } = targets()
  await using stage = await productWithUpstream(script)
  {
    await using device = await stage.device()
    device.send(get('/device/last', 'Connection: close') + get('/device/behind'))
    expect(await answers(device)).toEqual(['200'])
    expect(await device.ended).toBe('clean')
  }
  expect(summary(await stage.expectCleanState(1))).toContain('/device/last verified 200')
  expect(seen).toEqual(['/device/last', '/device/next'])
})

test('a request behind one whose answer ends the connection is not read', async () => {
  const { seen, script } = targets()
  await using stage = await productWithUpstream(script)
  {
    await using device = await stage.device()
    device.send(`GET /device/no-host HTTP/1.1\r\n\r\n${get('/device/behind')}`)
    expect(await answers(device)).toEqual(['400'])
  }
  expect(summary(await stage.expectCleanState(1))).toContain('/device/no-host host-missing 400')
  expect(seen).toEqual(['/device/next'])
})

test('a request that asks for an upgrade is answered as if it had not, and is the last', async () => {
  const { seen, script } = targets()
  await using stage = await productWithUpstream(script)
  {
    await using device = await stage.device()
    device.send(get('/device/up', 'Connection: upgrade', 'Upgrade: h2c') + get('/device/behind'))
    const answer = await device.response()
    expect(answer.startLine).toBe('HTTP/1.1 200 OK')
    expect(answer.fields.filter(([name]) => /^upgrade$/i.test(name))).toEqual([])
    expect(answer.fields).toContainEqual(['Connection', 'close'])
    // Arrives in a read of its own.
    device.send(get('/device/later'))
    expect(await answers(device)).toEqual([])
  }
  await stage.expectCleanState(1)
  expect(seen).toEqual(['/device/up', '/device/next'])
})

test('whole requests are answered although nonsense follows them, which is answered 400 and ends the connection', async () => {
  await using stage = await productWithUpstream()
  {
    await using device = await stage.device()
    device.send(`${get('/device/a')}${get('/device/b')}NONSENSE\r\n\r\n`)
    expect(await answers(device)).toEqual(['200', '200', '400'])
  }
  const records = await stage.expectCleanState(2)
  expect(summary(records)).toEqual(
    expect.arrayContaining(['/device/a verified 200', '/device/b verified 200']),
  )
  const connection = await stage.product.waitForLine(({ msg }) => msg === 'connection')
  expect(connection).toMatchObject({ outcome: 'refused', code: 'unparsable-malformed' })
})

test('nonsense inside a body breaks the connection off, and no answer pretends otherwise', async () => {
  await using stage = await productWithUpstream()
  {
    await using device = await stage.device()
    stage.request(device, 'POST /device/body', 'Transfer-Encoding: chunked')
    device.send('3\r\nabc\r\nnonsense\r\n')
    expect(await answers(device)).toEqual([])
  }
  const [record] = await stage.expectCleanState(1)
  expect(record).toMatchObject({ status: 0, failure: 'device-gone' })
})

test('an answer of ours is the only one, even when the device hangs up inside the body', async () => {
  await using stage = await productWithUpstream()
  {
    await using device = await stage.device()
    stage.request(device, 'POST /admin/x', 'Transfer-Encoding: chunked')
    device.send('3\r\nabc\r\n')
    await device.until('"status":403')
    device.socket.end()
    expect(await answers(device)).toEqual(['403'])
  }
  await stage.expectCleanState(1)
})

test('CONNECT is answered 501, and written down', async () => {
  await using stage = await productWithUpstream()
  {
    await using device = await stage.device()
    device.send('CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n')
    expect(await answers(device)).toEqual(['501'])
  }
  const connection = await stage.product.waitForLine(({ msg }) => msg === 'connection')
  expect(connection).toMatchObject({ outcome: 'refused', code: 'unparsable-connect' })
  await stage.expectCleanState(0)
})

test('CONNECT behind a request under way is seen when that one has its answer, and ends the connection', async () => {
  const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await using stage = await productWithUpstream(async (peer) => {
    await peer.request()
    asked.resolve()
    await gate.promise
    peer.write(OK)
    if ((await peer.request()) !== undefined) peer.write(OK)
  })
  {
    await using device = await stage.device()
    device.send(get('/device/slow'))
    await asked.promise
    device.send('CONNECT elsewhere.example:443 HTTP/1.1\r\n\r\n' + get('/device/tunnelled'))
    gate.resolve()
    expect(await answers(device)).toEqual(['200', '501'])
  }
  const connection = await stage.product.waitForLine(({ msg }) => msg === 'connection')
  expect(connection).toMatchObject({ outcome: 'refused', code: 'unparsable-connect' })
  const [record] = await stage.expectCleanState(1)
  expect(record).toMatchObject({ path: '/device/slow', status: 200 })
})

test('a device that hangs up frees the upstream, and leaves a record for the request that was read alone', async () => {
  const [held, freed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await using stage = await productWithUpstream(async (peer) => {
    await peer.request()
    held.resolve()
    await peer.closed
    freed.resolve()
  })
  {
    await using device = await stage.device()
    device.send(get('/device/slow') + get('/device/queued') + get('/device/refused#fragment'))
    await held.promise
  }
  await freed.promise
  expect(summary(await stage.expectCleanState(1))).toEqual(['/device/slow verified 0'])
})

test('a device that ends its half of the connection is taken for gone', async () => {
  const asked = Promise.withResolvers<void>()
  await using stage = await productWithUpstream(async (peer) => {
    await peer.request()
    asked.resolve()
    await peer.closed
  })
  {
    await using device = await stage.device()
    device.send(get('/device/half'))
    await asked.promise
    device.socket.end()
    expect(await answers(device)).toEqual([])
  }
  const [record] = await stage.expectCleanState(1)
  expect(record).toMatchObject({ status: 0, failure: 'device-gone' })
})
