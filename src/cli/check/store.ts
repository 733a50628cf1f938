import { bracketed } from '../../config/reading/host.ts'
import type { Config } from '../../config/config.ts'

/** Where that is kept which changes while serving, and who may change it from where. */
export function storeLines({ store, admin }: Config): readonly string[] {
  if (store === undefined || store.kind === 'dangerous-none') return []
  const where = store.kind === 'sqlite' ? `SQLite, ${store.path}` : `PostgreSQL, ${store.at}`
  const keys = store.keys?.reference ?? 'none: no secret is kept'
  const lines = [`  store     ${where}`, `  key ring  ${keys}`]
  if (admin === undefined)
    return [...lines, '  admin     nowhere: what the store holds cannot be changed']
  const scheme = admin.certificate === undefined ? 'http' : 'https'
  const { address, port, allow } = admin
  return [
    ...lines,
    `  admin     ${scheme}://${bracketed(address)}:${port} from ${allow.map(({ text }) => text).join(', ')}`,
  ]
}
