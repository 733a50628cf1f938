/** All that an SQLite store holds, row by row. */
import { DatabaseSync } from 'node:sqlite'

export type Tables = Readonly<Record<string, readonly string[]>>

/** The definitions and the rows of every table, in an order that does not depend on the file. */
export function tablesOf(path: string): Tables {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const definitions = database
      .prepare('select type, name, tbl_name, sql from sqlite_master order by type, name')
      .all()
    const names = definitions.filter(({ type }) => type === 'table').map(({ name }) => String(name))
    const rows = names.map((name) => {
      const all = database.prepare(`select * from "${name}"`).all()
      return [name, all.map(textOf).sort()]
    })
    return { definitions: definitions.map(textOf), ...Object.fromEntries(rows) }
  } finally {
    database.close()
  }
}

const textOf = (row: object): string =>
  JSON.stringify(row, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  )
