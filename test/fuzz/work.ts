/**
 * How much work reading takes, counted and not timed: elements that the reader steps over. Every way to take one
 * goes through one of these methods, exactly once.
 */
import { DerReader } from '../../src/x509/der.ts'

const TAKING = [
  'enter',
  'element',
  'step',
  'content',
  'hex',
  'boolean',
  'octetAlignedBits',
  'namedBits',
  'oid',
] as const

let elements = 0

for (const name of TAKING) {
  const take: unknown = Object.getOwnPropertyDescriptor(DerReader.prototype, name)?.value
  if (typeof take !== 'function') throw new Error(`the reader has no method ${name} to count`)
  Object.defineProperty(DerReader.prototype, name, {
    value(this: DerReader, ...given: unknown[]): unknown {
      elements += 1
      return take.apply(this, given)
    },
  })
}

/** How many elements an action reads. */
export function elementsReadBy(action: () => void): number {
  const before = elements
  action()
  return elements - before
}

/**
 * The most that so many octets may cost. An element has two octets at least and is stepped over once; after the
 * first fault the reader's caller still names the fields that it would have read.
 */
export const elementsAllowed = (octets: number): number => octets / 2 + AFTER_A_FAULT

const AFTER_A_FAULT = 64
