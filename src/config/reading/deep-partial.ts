/** What is left of a document when what was faulty has been taken out of it. */
import type { Static, TSchema } from 'typebox'

/** A value with holes where faults were. */
export type DeepPartial<Value> = Value extends string | number | boolean
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly (DeepPartial<Item> | undefined)[]
    : { readonly [Key in keyof Value]?: DeepPartial<Value[Key]> | undefined }

/** What stands in the file where a schema holds, with holes where faults were. */
export type Written<Schema extends TSchema> = DeepPartial<Static<Schema>>
