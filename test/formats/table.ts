/** What is printed as it is found, and how much of it is a fault. */
export class Table {
  #faults = 0

  get faults(): number {
    return this.#faults
  }

  line(text: string): void {
    console.log(text)
  }

  fault(text: string): void {
    this.#faults += 1
    console.log(`FAULT ${text}`)
  }
}

/** As JSON, for octets are to be seen; the long ones from their beginning, or from `start`. */
export const shown = (value: string, start = 0): string =>
  `${start === 0 ? '' : `from octet ${start} `}${JSON.stringify(value.slice(start)).slice(0, SHOWN)}`

const SHOWN = 100

/** Where two values that begin alike are to be shown from, so that their difference is seen. */
export function differenceIn(one: string, other: string): number {
  const at = Array.from({ length: one.length }).findIndex((_, index) => one[index] !== other[index])
  const first = at === -1 ? one.length : at
  return first < SHOWN / 2 ? 0 : first - 10
}
