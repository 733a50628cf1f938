/** What a scrape says, read strictly: the text format of Prometheus, version 0.0.4. */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: readonly Sample[]
}

/** Reads a scrape; throws where a metric is described twice, or a sample belongs to none. */
export function readExposition(text: string): readonly Family[] {
  const families: { name: string; help: string; type: string; samples: Sample[] }[] = []
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/u.exec(line) ?? []
    const last = families.at(-1)
    if (kind === 'HELP') {
      if (families.some((one) => one.name === name)) throw new Error(`${name} is there twice`)
      families.push({ name, help: rest, type: '', samples: [] })
    } else if (kind === 'TYPE') {
      if (last?.name !== name || last.type !== '') throw new Error(`a type apart: ${line}`)
      last.type = rest
    } else if (line !== '') {
      const sample = sampleOf(line)
      if (last === undefined || !belongs(sample, last)) throw new Error(`a sample apart: ${line}`)
      last.samples.push(sample)
    }
  }
  return families
}

/** The value of one series; undefined where there is none. */
export const valueIn = (
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined =>
  readExposition(text)
    .flatMap(({ samples }) => samples)
    .find((one) => one.name === name && isSame(one.labels, labels))?.value

/** The sum over all series of a metric. */
export const totalIn = (text: string, name: string): number =>
  readExposition(text)
    .flatMap(({ samples }) => samples)
    .filter((one) => one.name === name)
    .reduce((sum, { value }) => sum + value, 0)

function sampleOf(line: string): Sample {
  const [, name, labels, value] = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/u.exec(line) ?? []
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`)
  const pairs = [...(labels ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/gu)]
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label, text]) => [label, text])),
    value: Number(value.replace('Inf', 'Infinity')),
  }
}

const belongs = ({ name }: Sample, family: Family): boolean =>
  family.type === 'histogram' || family.type === 'summary'
    ? ['', '_bucket', '_count', '_sum'].some((end) => name === family.name + end)
    : name === family.name

const isSame = (
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean => {
  const text = (labels: object): string =>
    JSON.stringify(Object.entries(labels).map(String).toSorted())
  return text(one) === text(other)
}
