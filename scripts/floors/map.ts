/**
 * The map of the house that `check-floors.ts` walks by, and the sentence each rule ends with.
 */

/** The floors from the cellar up; rooms that share a floor are siblings and never meet. */
export const FLOORS: readonly (readonly string[])[] = [
  ['kernel'],
  ['x509'],
  ['trust'],
  ['decide'],
  ['message', 'outgoing', 'fleet'],
  ['accept', 'handshake', 'identify', 'revoke', 'throttle', 'forward', 'record', 'store', 'config'],
  ['state'],
  ['pipeline', 'cli', 'demo', 'admin'],
  ['main'],
]

/** The rooms below the waterline, and the few outsiders each of them may import. */
export const PURE: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  x509: [
    'node:crypto',
    'node:buffer',
    '@peculiar/x509',
    '@peculiar/asn1-schema',
    '@peculiar/asn1-x509',
    'asn1js',
    'reflect-metadata',
  ],
  trust: ['node:crypto', 'node:buffer'],
  decide: [],
  message: ['node:crypto', 'node:buffer'],
  outgoing: [],
  fleet: [],
}

/**
 * Where Node's `authorizationError` may be read: on our way out OpenSSL is the judge, and no session is resumed.
 * `authorized` is read nowhere.
 */
export const OUTBOUND = 'forward'

/** The composition root holds both ends of what it plugs together, so its imports give a dependency no second home. */
export const ROOT = 'main'

/** One validation for all that comes from outside: configuration, admin calls, stored documents (decision 17). */
export const EVERYWHERE: ReadonlySet<string> = new Set(['ajv', 'typebox'])

/** The longest a file may grow, in lines. */
export const LINE_WALL = 300

/** Why each rule is there; a fault ends with one of these. */
export const WHY = {
  authorized:
    "Node's opinion of a device's certificate is stale after resumption and blind to grace and approval: ask identify and decide",
  barrel: 'a barrel hides which file knows what, and makes cycles: import the file itself',
  drawer:
    'a drawer for everything never says no: name the file after its noun, the folder after its room',
  impure:
    'below the waterline there is no clock, chance, environment, network, disk or log: let it arrive as an argument',
  name: 'file and folder names are kebab-case, so that they read the same on every disk',
  outside: 'src/ is the whole program: nothing in it depends on a file beside it',
  sibling:
    'rooms on one floor never meet, so that each can be replaced alone: join them in state/, pipeline.ts or main.ts',
  tooLong: `past ${LINE_WALL} lines a file holds two nouns: split it where they meet`,
  twoHomes:
    'a dependency is imported by one room only, so that there is one place to replace it: move the use or pass the value',
  undeclared:
    'only the dependencies of package.json are there in production: declare it, or do without',
  unknownRoom:
    'a file outside the map may import anything: put it in a room of scripts/floors/map.ts',
  unstated: 'an import that is computed cannot be checked: name the file',
  upward: 'a room knows only the floors below it, or a change upstairs would shake the cellar',
} as const

/** The room of a file such as `src/trust/path.ts`; `main.ts` with `serve/`, `pipeline.ts` with `pipeline/` are one each. */
export function roomOf(path: string): string | undefined {
  const [, first = '', ...rest] = path.split('/')
  if (rest.length === 0)
    return first === 'main.ts' || first === 'pipeline.ts' ? first.slice(0, -3) : undefined
  const room = first === 'serve' ? 'main' : first
  return floorOf(room) >= 0 && first !== 'main' ? room : undefined
}

/** The number of the floor a room lies on, 0 in the cellar; -1 for no room of ours. */
export const floorOf = (room: string): number => FLOORS.findIndex((floor) => floor.includes(room))
