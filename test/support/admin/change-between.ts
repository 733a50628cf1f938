/** A way to the admin API on which another administrator is always faster: each read is followed by a change. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestAdminApi } from './admin-api.ts'

/**
 * The address to call; `change` is made after each call that `after` names, GET unless it says otherwise, was answered by
 * the API, before the caller has the answer.
 */
export async function changeBetween(
  adminApi: TestAdminApi,
  change: () => Promise<unknown>,
  after: (method: string, path: string) => boolean = (method) => method === 'GET',
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, reply) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      void (async () => {
        const { method = 'GET', url = '/', headers } = request
        const sent = ['authorization', 'content-type', 'if-match'].flatMap((name) => {
          const value = headers[name]
          return typeof value === 'string' ? [[name, value] as const] : []
        })
        const response = await fetch(new URL(url, adminApi.url), {
          method,
          headers: Object.fromEntries(sent),
          ...(parts.length === 0 ? {} : { body: Buffer.concat(parts) }),
        })
        const body = await response.text()
        if (after(method, url)) await change()
        const etag = response.headers.get('etag')
        reply.writeHead(response.status, etag === null ? {} : { etag })
        reply.end(body)
      })()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
