/** Devices that nothing is known of, by the words that previews have for their classes. */
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { until } from '../../support/until.ts'
import { CAS, DAY } from './random-fleet.ts'

/** An enrollment setting, as the admin API shows it. */
export interface ShownSetting {
  readonly name: string
  readonly standing: string
  readonly retired_at: string | null
}

/** When a device was issued: just now, a day before that, or around a retirement. */
export type Issued = 'just now' | 'yesterday' | `before ${string}` | `after ${string}`

const nameOf = (setting: string, issued: Issued): string => `${setting}, issued ${issued}`

/** Every device that a change which is made next, or was made last, may be told of. */
export async function unmetDevices(
  settings: readonly ShownSetting[],
  retirements: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<ReadonlyMap<string, Leaf>> {
  const found = new Map<string, Leaf>()
  for (const { name } of settings) {
    const times = [...(retirements.get(name) ?? [])]
    const all: readonly Issued[] = [
      'just now',
      'yesterday',
      ...times.flatMap((at) => [`before ${at}`, `after ${at}`] as const),
    ]
    for (const issued of all) {
      const issuer = CAS[name]
      if (issuer === undefined) throw new Error(`there is no CA of ${name}`)
      const key = nameOf(name, issued)
      found.set(key, mintLeaf({ issuer, name: key, notBefore: await beginOf(issued) }))
    }
  }
  return found
}

/** Certificates count whole seconds. */
async function beginOf(issued: Issued): Promise<number> {
  const [when = '', at = ''] = issued.split(/ (.*)/u)
  if (issued === 'just now') return Math.floor(Date.now() / 1000) * 1000
  if (issued === 'yesterday') return Date.now() - DAY
  const retired = Date.parse(at)
  if (when === 'before') return retired - DAY
  const begin = (Math.floor(retired / 1000) + 1) * 1000
  // It comes once it is issued.
  await until(
    () => Promise.resolve(Date.now()),
    (now) => now >= begin,
  )
  return begin
}

/** A class: how previews call it, and which device stands for it before the change and after it. */
export interface UnmetClass {
  readonly label: string
  readonly before: string
  readonly after: string
}

/** Returns the classes of a change that has been made. */
export function unmetClasses(
  before: readonly ShownSetting[],
  after: readonly ShownSetting[],
): readonly UnmetClass[] {
  return before.flatMap(({ name, standing, retired_at: retired }) => {
    const next = after.find((one) => one.name === name)
    if (standing === 'removed' && next?.standing === 'removed') return []
    const label = `a device of ${name} that was not met before`
    const same = (issued: Issued) => ({ before: nameOf(name, issued), after: nameOf(name, issued) })
    const retires = next?.retired_at ?? null
    if (retired !== null) {
      return [
        { label: `${label}, issued before it retired`, ...same(`before ${retired}`) },
        { label: `${label}, issued after it retired`, ...same(`after ${retired}`) },
      ]
    }
    if (retires === null) return [{ label, ...same('just now') }]
    return [
      {
        label: `${label}, issued before it retired`,
        before: nameOf(name, 'yesterday'),
        after: nameOf(name, `before ${retires}`),
      },
      {
        label: `${label}, issued after it retired`,
        before: nameOf(name, 'just now'),
        after: nameOf(name, `after ${retires}`),
      },
    ]
  })
}
