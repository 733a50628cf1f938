/** What a device meets over real TLS: its status, and the code that the log has of that very request. */
import type { ConnectionOptions } from 'node:tls'
import type { FrontEnd } from '../cases/front-end.ts'
import { Device } from '../support/devices/device.ts'
import { clientTls, type Line } from '../support/front-ends/product.ts'
import { until } from '../support/until.ts'
import { keyHash } from './authorities.ts'
import type { ExplainedDevice } from './random-device.ts'
import type { Verdict } from './verdict.ts'

/** What was met. */
export interface Met {
  readonly verdict: Verdict
  /** 0 where the connection was closed before a request was read. */
  readonly status: number
  /** The row that the request met; undefined where none was read. */
  readonly row: string | undefined
  /** The enrollment setting that its path leads to. */
  readonly setting: string | undefined
  /** Leads to what is kept of a refusal. */
  readonly reference: string | undefined
}

/** Sends the request of a device; `turn` tells its requests apart. */
export async function realRequest(
  on: FrontEnd,
  { leaf, call }: ExplainedDevice,
  turn: string,
): Promise<Met> {
  const { listener, from, userAgent } = call
  const path = `${call.path}/${turn}`
  const port = on.product.serving.ports[listener] ?? 0
  const options: ConnectionOptions & { readonly localAddress: string } = {
    ...clientTls(port, leaf),
    localAddress: from,
    // Weak certificates are judged, and not held back by the client.
    ciphers: 'DEFAULT:@SECLEVEL=0',
  }
  const key = leaf === undefined ? undefined : keyHash(leaf)
  const isClosing = (line: Line): boolean =>
    line['outcome'] === 'closed-before-request' &&
    line['listener'] === listener &&
    keyIn(line) === key
  const closedBefore = on.product.lines.filter(isClosing).length
  let status = 0
  {
    await using device = await Device.to(port, options)
    const agent = userAgent === undefined ? [] : [`User-Agent: ${userAgent}`]
    const fields = ['Host: localhost', 'Connection: close', ...agent]
    const query = call.reportedId === undefined ? '' : `?clientid=${call.reportedId}`
    device.send(`GET ${path}${query} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`)
    const response = await device.response().catch(() => undefined)
    if (response !== undefined) status = Number(response.startLine.split(' ')[1])
  }
  const lines = await until(
    () =>
      Promise.resolve(
        status === 0
          ? on.product.lines.filter(isClosing).slice(closedBefore)
          : on.product.lines.filter((line) => line['path'] === path),
      ),
    ({ length }) => length > 0,
  )
  return metIn(lines[0] ?? {}, status)
}

function metIn(line: Line, status: number): Met {
  const { code, would_refuse: recorded, route, reference, decision, connection } = line
  const device = line['device'] as { readonly setting?: string } | undefined
  const admitted = decision === 'admit'
  if (admitted !== (status === 200)) throw new Error(JSON.stringify({ status, line }))
  const name = status === 0 ? connection : reference
  return {
    verdict: { admitted, code: String(recorded ?? code) },
    status,
    row: textOf(route),
    setting: device?.setting,
    reference: textOf(name),
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

const keyIn = (line: Line): string | undefined =>
  (line['device'] as { readonly key: string } | undefined)?.key
