/**
 * A call as an administrator makes it, unless the test names another caller.
 */
import type { Role } from '../../../src/admin/auth/principal.ts'
import type { TestAdminApi } from './admin-api.ts'

export interface Answer {
  readonly status: number
  readonly etag: string
  readonly body: unknown
}

export async function call(
  api: TestAdminApi,
  method: string,
  path: string,
  sent: { readonly body?: unknown; readonly match?: string; readonly as?: Role } = {},
): Promise<Answer> {
  const { body, match, as = 'administrator' } = sent
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await api.tokenOf(as)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(match === undefined ? {} : { 'if-match': match }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  return {
    status: response.status,
    etag: response.headers.get('etag') ?? '',
    body: type.includes('json') && !type.includes('jsonl') ? JSON.parse(text) : text,
  }
}
