/**
 * Which calls of the admin API were made by commands, and which ones no command makes.
 */
import type { StorePlace } from '../story/serve-process.ts'
import type { Call, MadeCall } from './recording-proxy.ts'

type StoreKind = StorePlace['kind']

/** Calls that no command makes, and why. */
export const WITHOUT_COMMAND: ReadonlyMap<string, string> = new Map([
  ['POST /api/session', "the portal's sign-in; a command shows a token"],
  ['DELETE /api/session', "the portal's sign-out"],
])
/** Calls that a store refuses whatever is asked. */
const ALWAYS_REFUSED: Readonly<Record<StoreKind, ReadonlySet<string>>> = {
  sqlite: new Set(),
  postgres: new Set(['GET /api/backup']),
}

export interface ApiCoverage {
  readonly described: number
  readonly covered: number
  readonly faults: readonly string[]
}

/** What the admin API says that it can do. */
export async function describedCalls(url: string): Promise<readonly Call[]> {
  const response = await fetch(`${url}/api/openapi.json`)
  const { paths } = (await response.json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  )
}

/** Compares what the proxy has seen with what the API describes. */
export function apiCoverage(
  described: readonly Call[],
  made: readonly MadeCall[],
  store: StoreKind,
): ApiCoverage {
  const refused = ALWAYS_REFUSED[store]
  // What was refused each time shows nothing of what the command makes of an answer.
  const seen = made.filter(
    ({ status, method, path }) => status < 400 || refused.has(`${method} ${path}`),
  )
  const wanted = described.filter(({ method, path }) => !WITHOUT_COMMAND.has(`${method} ${path}`))
  const missed = wanted.filter(
    ({ method, path }) => !seen.some((one) => one.method === method && fits(path, one.path)),
  )
  const names = new Set(described.map(({ method, path }) => `${method} ${path}`))
  const gone = [...WITHOUT_COMMAND.keys()].filter((name) => !names.has(name))
  return {
    described: described.length,
    covered: wanted.length - missed.length,
    faults: [
      ...missed.map(
        ({ method, path }) => `no command makes the call ${method} ${path} with success`,
      ),
      ...gone.map((name) => `${name} is excused, and not described`),
    ],
  }
}

/** Whether a path is one of a described call; a longer name before a placeholder wins where both are there. */
const fits = (described: string, path: string): boolean =>
  new RegExp(`^${described.replaceAll(/\{[^}]+\}/gu, '[^/]+')}$`, 'u').test(path)
