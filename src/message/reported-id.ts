/**
 * The id that a device gives itself in a URL or a field. For people to read and to find an inventory entry by; anybody
 * may write anything there, so it proves nothing and opens nothing (decision 9).
 */

/** Where a row's clients write it. */
export interface ReportedAt {
  readonly kind: 'query' | 'field'
  /** The parameter, compared letter by letter, or the field, whose case does not matter. */
  readonly name: string
}

/** What is looked at. */
export interface Reporting {
  /** After the `?`, undecoded. */
  readonly query: string | undefined
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[]
}

/** The id, where it is said exactly once and is one that an inventory could hold. */
export function reportedId({ kind, name }: ReportedAt, said: Reporting): string | undefined {
  const values = kind === 'query' ? parameters(said.query, name) : fields(said, name)
  // Of two it is unknown which the server believes.
  return values.length === 1 ? values.find((id) => PLAIN.test(id)) : undefined
}

function parameters(query: string | undefined, name: string): readonly string[] {
  if (query === undefined) return []
  return query.split('&').flatMap((pair) => {
    const equals = pair.indexOf('=')
    if (equals === -1 || pair.slice(0, equals) !== name) return []
    return [decoded(pair.slice(equals + 1))]
  })
}

/** What cannot be decoded is no id. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

function fields({ rawHeaders }: Reporting, name: string): readonly string[] {
  const wanted = name.toLowerCase()
  return rawHeaders.flatMap((value, at) =>
    at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === wanted ? [value] : [],
  )
}

/** UUIDs, serial numbers, addresses of mail: visible ASCII, and no more than any inventory prints on a line. */
const PLAIN = /^[!-~]{1,200}$/
