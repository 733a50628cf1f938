/**
 * What a call answers, made of what the store said.
 */
import { ok, type Result } from '../kernel/types.ts'
import type { RouteOutput } from './define-route.ts'

/** Answers 204 once the store has done it. */
export const noContent = <Failure>(
  done: Result<unknown, Failure>,
): Result<RouteOutput<undefined>, Failure> => (done.ok ? ok({ body: undefined }) : done)

/** Answers a whole list. */
export const itemsOutput = <Item, Shown, Failure>(
  listed: Result<readonly Item[], Failure>,
  show: (item: Item) => Shown,
): Result<RouteOutput<{ items: Shown[] }>, Failure> =>
  bodyOutput(listed, (items) => ({ items: items.map((one) => show(one)) }))

/** Answers one thing, which has no version. */
export const bodyOutput = <Value, Shown, Failure>(
  found: Result<Value, Failure>,
  show: (value: Value) => Shown,
): Result<RouteOutput<Shown>, Failure> => (found.ok ? ok({ body: show(found.value) }) : found)

/** Answers one thing, with its version as the `ETag`. */
export const versionedOutput = <Value extends { readonly version: number }, Shown, Failure>(
  found: Result<Value, Failure>,
  show: (value: Value) => Shown,
): Result<RouteOutput<Shown>, Failure> =>
  found.ok ? ok({ body: show(found.value), version: found.value.version }) : found
