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

/** As JSON, for octets are to be seen; the long ones from their beginning. */
export const shown = (value: string): string => JSON.stringify(value).slice(0, 100)
