/** A store as the program before wrote it. */
import { SCHEMA_MIGRATIONS } from '../../../src/store/migrate/migrations.ts'
import type { Place } from './backends.ts'

/** Takes everything that came after a step out of a closed store: steps after the first only add tables. */
export const backToSchema = (place: Pick<Place, 'damage'>, version: number): Promise<void> =>
  place.damage(
    ...laterTables(version).map((table) => `drop table ${table}`),
    notYetApplied(version),
  )

/** The tables that later steps add, those first that refer to others. */
export const laterTables = (version: number): readonly string[] =>
  SCHEMA_MIGRATIONS.filter((step) => step.version > version)
    .flatMap(({ statements }) => statements('sqlite'))
    .flatMap((statement) => /^create table (\w+)/.exec(statement)?.[1] ?? [])
    .toReversed()

const notYetApplied = (version: number): string =>
  `delete from schema_versions where version > ${version}`

/** Says that a newer program has been here. */
export const NEWER_SCHEMA = 'insert into schema_versions values (1003, 1)'
