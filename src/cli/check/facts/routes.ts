import type { Config } from '../../../config/config.ts'
import type { RouteRow } from '../../../config/routes/types.ts'

/** Which requests would be served, table by table; anything else is answered 404. */
export function routeFacts({ listeners, legacyOAuth }: Config): readonly object[] {
  const tables = new Set(
    listeners.filter(({ relay }) => relay === undefined).map(({ routes }) => routes),
  )
  const { address, account, lockout, basic } = legacyOAuth
  const throttle = { address, account, lockout, basic }
  return [...tables].map(({ name, preset, rows }) => ({
    name,
    preset: preset ?? null,
    rows: rows.map(rowFacts),
    legacy_oauth: rows.some((row) => row.class === 'legacy-oauth') ? throttle : null,
  }))
}

const rowFacts = (row: RouteRow): object => ({
  id: row.id,
  class: row.class,
  methods: row.methods ?? null,
  path: row.path,
  upstream: row.class === 'denied' ? null : (row.upstream ?? null),
  networks: row.networks?.map(({ text }) => text) ?? null,
  match: row.match !== undefined,
  sensitive: row.sensitive,
  endpoint: row.endpoint ?? null,
})
