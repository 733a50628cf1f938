/** The commands by which a PostgreSQL store is backed up and restored: PostgreSQL's own, for the database that is configured. */

/** Each as it is typed; the password is none of it (`PGPASSWORD`, or a `.pgpass` file). */
export interface PostgresCommands {
  readonly backup: string
  readonly restore: string
}

/** Writes them for an address and a schema. */
export function postgresCommands(url: string, schema = 'public'): PostgresCommands {
  const database = quoted(addressForTools(url))
  return {
    backup: `pg_dump --format=custom --no-owner --schema=${quoted(schema)} --file=tfe.dump ${database}`,
    restore: `pg_restore --clean --if-exists --no-owner --single-transaction --dbname=${database} tfe.dump`,
  }
}

/** Parameters that libpq and `pg` understand alike; libpq refuses an address with others. */
const SHARED_PARAMETERS: ReadonlySet<string> = new Set([
  'host',
  'port',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
])

function addressForTools(text: string): string {
  if (!URL.canParse(text)) return 'postgres:///DATABASE'
  const url = new URL(text)
  url.password = ''
  const names = Array.from(url.searchParams.keys())
  for (const name of names) if (!SHARED_PARAMETERS.has(name)) url.searchParams.delete(name)
  return url.href
}

/** As a shell takes it. */
const quoted = (text: string): string =>
  /^[\w./:@%+=,-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
