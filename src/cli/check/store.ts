import { bracketed } from '../../config/reading/host.ts'
import { countText } from '../../kernel/count-text.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import type { StoreReading } from '../load-configuration.ts'
import type { Config } from '../../config/config.ts'

/** Where that is kept which changes while serving, and who may change it from where. */
export function storeLines({ store, admin }: Config, asked: StoreAsked): readonly string[] {
  if (store === undefined || store.kind === 'dangerous-none') return []
  const where = store.kind === 'sqlite' ? `SQLite, ${store.path}` : `PostgreSQL, ${store.at}`
  const keys = store.keys?.reference ?? 'none: no secret is kept'
  const lines = [`  store     ${where}`, ...comparedLines(asked), `  key ring  ${keys}`]
  if (admin === undefined)
    return [...lines, '  admin     nowhere: what the store holds cannot be changed']
  const scheme = admin.certificate === undefined ? 'http' : 'https'
  const { address, port, allow } = admin
  return [
    ...lines,
    `  admin     ${scheme}://${bracketed(address)}:${port} from ${allow.map(({ text }) => text).join(', ')}`,
  ]
}

/** Whether the store was read, and what it amounts to beside the file. */
interface StoreAsked {
  readonly store: StoreReading | undefined
  readonly compiled: CompiledConfig | undefined
}

function comparedLines({ store, compiled }: StoreAsked): readonly string[] {
  if (store?.kind === 'unread') {
    const why = store.faults.map(({ message }) => message).join('; ')
    return [`  compared  not with the store, so all of this is the file's word alone: ${why}`]
  }
  if (store?.kind !== 'read' || compiled === undefined) return []
  const { length } = compiled.differences
  return [
    `  compared  with the store: ${length === 0 ? 'the file says the same' : `${countText(length, 'difference')}, among the warnings`}`,
  ]
}
