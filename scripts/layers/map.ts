/**
 * The layers and modules of `src/` that `check-layers.ts` checks against, and the sentence each rule ends with.
 */

/** The layers, lowest first. A module is a folder of `src/`; modules of one layer never import each other. */
export const LAYERS: readonly (readonly string[])[] = [
  ['kernel'],
  ['x509'],
  ['trust'],
  ['decide'],
  ['message', 'http1', 'upstream-tls', 'fleet'],
  ['accept', 'handshake', 'identify', 'revoke', 'throttle', 'forward', 'record', 'store'],
  ['config'],
  ['state'],
  ['pipeline', 'admin', 'demo'],
  ['serve'],
  ['cli'],
  ['main'],
]

/** The pure modules, and the few packages that each of them may import. */
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
  http1: ['node:buffer'],
  'upstream-tls': [],
  fleet: [],
}

/**
 * Files of pure modules that are not pure themselves. llhttp is loaded once, from a file on disk, when the program starts;
 * what it answers depends on octets alone.
 */
export const IMPURE: ReadonlySet<string> = new Set(['src/http1/llhttp.ts'])

/**
 * The module that may read Node's `authorizationError`: towards an upstream OpenSSL is one of two judges, and no session
 * is resumed. `authorized` is read nowhere.
 */
export const OUTBOUND = 'forward'

/** The module that opens what the others use, so its imports give a dependency no second home. */
export const COMPOSITION = 'serve'

/** The packages that every module may import: one validation for all that comes from outside (decision 17). */
export const EVERYWHERE: ReadonlySet<string> = new Set(['ajv', 'typebox'])

/** The most files that a folder may hold: more do not fit on a screen, and fall into groups that deserve a name. */
export const FOLDER_LIMIT = 24

/** The most lines that half of all files stay below. A single long file is a question for the review, not a fault. */
export const MEDIAN_LIMIT = 120

/** Why each rule is there; a fault ends with one of these. */
export const WHY = {
  authorized:
    "Node's opinion of a device's certificate is stale after resumption and blind to grace and approval: ask identify and decide",
  barrel:
    'a file of re-exports hides which file knows what, and makes circles: import the file itself',
  circle:
    'files that import each other in a circle can only be understood together: move what both need to a file of its own',
  collection:
    'a folder or file for everything never says no: name the file after its noun, the folder after its subject',
  crowded: `more than ${FOLDER_LIMIT} files in one folder are several subjects: give each a sub-folder`,
  impure:
    'a pure module has no clock, chance, environment, network, disk or log: let it arrive as an argument',
  long: `more than half of the files are longer than ${MEDIAN_LIMIT} lines: split the longest where two nouns meet`,
  name: 'file and folder names are kebab-case, so that they read the same on every disk',
  outside: 'src/ is the whole program: nothing in it depends on a file beside it',
  sameLayer:
    'modules of one layer never import each other, so that each can be replaced alone: join them in a higher layer',
  subCircle:
    'sub-folders of one module that import each other in a circle are one subject: move what both need below them',
  twoHomes:
    'a dependency is imported by one module only, so that there is one place to replace it: move the use or pass the value',
  undeclared:
    'only the dependencies of package.json are there in production: declare it, or do without',
  unknownModule:
    'a file outside the map may import anything: put it in a module of scripts/layers/map.ts',
  unstated: 'an import that is computed cannot be checked: name the file',
  upward: 'a module knows only the layers below it, or a change above would break what is below',
} as const

/** The module of a file such as `src/trust/path.ts`; `src/main.ts` is a module of its own. */
export function moduleOf(path: string): string | undefined {
  const [, first = '', ...rest] = path.split('/')
  if (rest.length === 0) return first === 'main.ts' ? 'main' : undefined
  return layerOf(first) >= 0 && first !== 'main' ? first : undefined
}

/** The number of a module's layer, 0 being the lowest; -1 for no module of ours. */
export const layerOf = (module: string): number =>
  LAYERS.findIndex((layer) => layer.includes(module))
