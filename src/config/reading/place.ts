/** Where values stand in the document, and what is made of them. */
import type { Static, TSchema } from 'typebox'
import type { Pkcs12Failure } from '../../handshake/pkcs12/failure.ts'
import type { OpenedPkcs12 } from '../../handshake/pkcs12/open.ts'
import type { Millis, Result } from '../../kernel/types.ts'
import type { Danger } from './danger.ts'
import type { FileContent, FileFailure } from './files.ts'
import type { StoredSecrets, UnreadSecrets } from './stored-secrets.ts'
import { parseDuration, parseSize } from './units.ts'
import type { Path, LocatedFault, YamlText } from './yaml-text.ts'

/** Stands for a part that could not be made. What needs it is missing too, without a further fault, so that one mistake is one fault. */
export const missing: unique symbol = Symbol('missing')

/** A value, or the knowledge that the reason for its absence has been reported. */
export type Maybe<Value> = Value | typeof missing

/** A value with holes where faults were. */
export type DeepPartial<Value> = Value extends string | number | boolean
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly (DeepPartial<Item> | undefined)[]
    : { readonly [Key in keyof Value]?: DeepPartial<Value[Key]> | undefined }

/** What stands in the file where a schema holds, with holes where faults were. */
export type Written<Schema extends TSchema> = DeepPartial<Static<Schema>>

/** What is at hand while a document is read. */
export interface ReadContext {
  readonly text: YamlText
  readonly folder: string
  readonly contents: ReadonlyMap<string, Result<FileContent, FileFailure>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** What was found of the secrets that the document takes from its store. */
  readonly secrets: {
    readonly found: StoredSecrets
    readonly unread: UnreadSecrets
  }
  /** What the PKCS#12 files that the document names hold, by `keystoreKey`. */
  readonly keystores: ReadonlyMap<string, Result<OpenedPkcs12, Pkcs12Failure>>
  /** Grows while the document is read; seeded with the faults of its text and shape. */
  readonly faults: LocatedFault[]
  readonly warnings: LocatedFault[]
  readonly dangers: Danger[]
}

/** A `Place` gives what the operator wrote there and the places inside it, and takes note of what is wrong there. */
export class Place<Value> {
  readonly context: ReadContext
  readonly path: Path
  /** The value, its defaults filled in; undefined where there is none, or a faulty one. */
  readonly written: Value | undefined

  constructor(context: ReadContext, path: Path, written: Value | undefined) {
    this.context = context
    this.path = path
    this.written = written
  }

  /** The place of a key. */
  at<Key extends keyof Value & (string | number)>(key: Key): Place<NonNullable<Value[Key]>> {
    return this.#inside(key, this.written?.[key] ?? undefined)
  }

  /** The places of the keys of a mapping, with their names. */
  entries(): readonly (readonly [string, Place<NonNullable<Value[keyof Value]>>])[] {
    return Object.entries<NonNullable<Value[keyof Value]>>(this.written ?? {}).map(
      ([name, value]) => [name, this.#inside(name, value)],
    )
  }

  /** The same place, as if this stood there. */
  as<Other>(written: Other | undefined): Place<Other> {
    return new Place(this.context, this.path, written)
  }

  /** What `read` makes of it; undefined where nothing is written. */
  optional<Read>(read: (place: Place<Value>) => Read): Read | undefined {
    return this.written === undefined ? undefined : read(this)
  }

  /** A value that the schema demands: when it is not there, the shape check has said so. */
  required<Key extends keyof Value>(key: Key): Maybe<NonNullable<Value[Key]>> {
    return this.written?.[key] ?? missing
  }

  /** A length of time whose spelling and bounds the shape check has seen. */
  millis(key: keyof Value): Maybe<Millis> {
    return millis(this.written?.[key])
  }

  /** A size whose spelling and bounds the shape check has seen. */
  octets(key: keyof Value): Maybe<number> {
    const written = this.written?.[key]
    const read = typeof written === 'string' ? parseSize(written) : undefined
    return read?.ok === true ? read.value : missing
  }

  /** `file:line:column path`, for the modules that look into the content later. */
  get location(): string {
    return this.context.text.faultAt(this.path, '').at
  }

  /** Whether the operator wrote this, as opposed to a default. */
  get isStated(): boolean {
    return this.context.text.has(this.path)
  }

  /** Whether a fault at this place, or inside it, is known: then its absence means nothing. */
  get isFaulty(): boolean {
    return this.context.faults.some(
      ({ path }) =>
        path.length >= this.path.length &&
        this.path.every((step, index) => String(path[index]) === String(step)),
    )
  }

  /** Notes something wrong; returns `missing`, so that it can stand where the value would. */
  fault(message: string, which: 'key' | 'value' = 'value'): typeof missing {
    this.context.faults.push(this.context.text.faultAt(this.path, message, which))
    return missing
  }

  /** The value of a result; its failure, which is a whole sentence, is noted as a fault. */
  orFault<Read>(result: Result<Read, string>): Maybe<Read> {
    return result.ok ? result.value : this.fault(result.failure)
  }

  /** Notes something that is served all the same, and that the operator should know. */
  warn(message: string): void {
    this.context.warnings.push(this.context.text.faultAt(this.path, message))
  }

  /** Notes a guarantee that is given up here. */
  warnOfDanger({ kind, sentence }: Omit<Danger, 'at'>): void {
    this.context.dangers.push({ kind, at: this.location, sentence })
    this.warn(sentence)
  }

  /** The place of a key or an item. */
  #inside<Inner>(step: string | number, written: Inner | undefined): Place<Inner> {
    return new Place(this.context, [...this.path, step], written)
  }

  /** The places of the items of a list, those of faulty ones included. */
  static items<Item>(list: Place<readonly (Item | undefined)[]>): readonly Place<Item>[] {
    return (list.written ?? []).map((item, index) => list.#inside(index, item))
  }
}

/** Reads a length of time; `missing` when there is none. */
export function millis(written: unknown): Maybe<Millis> {
  const read = typeof written === 'string' ? parseDuration(written) : undefined
  return read?.ok === true ? read.value : missing
}

/** An object once all its parts are there. */
export function allOrMissing<Value extends object>(parts: {
  readonly [Key in keyof Value]: Maybe<Value[Key]>
}): Maybe<Value> {
  return Object.values(parts).includes(missing) ? missing : (parts as Value)
}

/** A list once all its items are there. */
export function readEach<Item, Value>(
  list: Place<readonly (Item | undefined)[]>,
  read: (item: Item, place: Place<Item>) => Maybe<Value>,
): Maybe<readonly Value[]> {
  // Every item is read, also after one was missing, so that each reports its own faults.
  const values = Place.items(list).map((place) =>
    place.written === undefined ? missing : read(place.written, place),
  )
  return list.written === undefined ? missing : wholeList(values)
}

/** A list once all its items are there and it is not empty; the shape check reports an empty one. */
export function nonEmptyList<Value>(
  values: Maybe<readonly Maybe<Value>[]>,
): Maybe<readonly [Value, ...Value[]]> {
  const whole = values === missing ? missing : wholeList(values)
  if (whole === missing) return missing
  const [first, ...rest] = whole
  return first === undefined ? missing : [first, ...rest]
}

function wholeList<Value>(values: readonly Maybe<Value>[]): Maybe<readonly Value[]> {
  const whole = values.filter((value): value is Value => value !== missing)
  return whole.length === values.length ? whole : missing
}
