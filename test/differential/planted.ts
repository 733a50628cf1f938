/** Faults that a path could have, planted in ours: what a run has to find. */
import { ourPath, type Planted } from './our-path.ts'
import type { Path } from './play.ts'

/** The faults, by what they do. */
export const PLANTED: Readonly<Record<string, () => Path>> = {
  'takes the last of two lengths': () =>
    reading((text) =>
      text.replace(/content-length:[^\r\n]*\r\n(?=(?:[^\r\n]+\r\n)*content-length:)/gi, ''),
    ),
  'takes a length beside chunks': () =>
    reading((text) =>
      text.replace(/content-length:[^\r\n]*\r\n(?=(?:[^\r\n]+\r\n)*transfer-encoding:)/gi, ''),
    ),
  'takes a bare line feed for a line end': () =>
    reading((text) => text.replaceAll(/(?<!\r)\n/g, '\r\n')),
  'takes a blank in front of a colon': () => reading((text) => text.replaceAll(/ +:/g, ':')),
  'keeps the blanks behind a value': () =>
    ourPath(fields((name, value) => [name, name === 'X-Wide' ? `${value} ` : value])),
  'spells names in its own way': () =>
    ourPath(fields((name, value) => [name.toLowerCase(), value])),
  'leaves an empty field out': () =>
    ourPath(fields((name, value) => (value === '' ? [] : [name, value]))),
  'joins fields of one name': () => ourPath(joined),
  'forwards what is refused': () =>
    ourPath((judged) =>
      judged.kind === 'refuse' && judged.status === 403
        ? { kind: 'forward', target: '/admin', fields: ['Host', 'mdm.example'] }
        : judged,
    ),
}

/** A path whose parser reads what the text becomes. */
function reading(change: (text: string) => string): Path {
  const path = ourPath()
  return {
    open(device, connect) {
      const arrive = device.arrive.bind(device)
      device.arrive = (octets) => arrive(Buffer.from(change(octets.toString('latin1')), 'latin1'))
      path.open(device, connect)
    },
    [Symbol.dispose]: () => path[Symbol.dispose](),
  }
}

function fields(change: (name: string, value: string) => readonly string[]): Planted {
  return (judged) => {
    if (judged.kind === 'refuse') return judged
    const pairs = judged.fields.flatMap((name, index) =>
      index % 2 === 0 ? change(name, judged.fields[index + 1] ?? '') : [],
    )
    return { ...judged, fields: pairs }
  }
}

const joined: Planted = (judged) => {
  if (judged.kind === 'refuse') return judged
  const values = new Map<string, string>()
  for (const [index, name] of judged.fields.entries()) {
    if (index % 2 !== 0) continue
    const value = judged.fields[index + 1] ?? ''
    const before = values.get(name)
    values.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return { ...judged, fields: [...values].flat() }
}
