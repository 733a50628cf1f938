/**
 * C11: a store restored after a kill, with an old journal lying about, with its file swapped while it is served, and on a
 * full disk. Each is right or refused in words, and no deny list is empty that serves. The controls do the same with `cp`
 * and SQLite alone, as every version did before.
 */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import type { KeyFingerprint } from '../../../src/kernel/types.ts'
import type { Store } from '../../../src/store/port.ts'
import { fleet, productYaml, writeFiles } from '../../support/front-ends/product.ts'
import { MAIN, serveProcess } from '../../support/front-ends/serve-process.ts'
import { tfe } from '../../support/cli/run-command.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { until } from '../../support/until.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd, keyOf, storeIn } from '../front-end.ts'

const BY = { who: 'test', from: 'test' }
const YAML = { yaml: { store: ' { sqlite: data/tfe.sqlite }' } }
const DENIED = { kind: 'key', key: keyOf(fleet.device) as KeyFingerprint } as const
const OTHER = { kind: 'key', key: keyOf(fleet.inGrace) as KeyFingerprint } as const

async function must<Value>(
  done: Promise<{ ok: true; value: Value } | { ok: false; failure: { kind: string } }>,
) {
  const result = await done
  if (!result.ok) throw new Error(result.failure.kind)
  return result.value
}

const deny = (store: Store, denied: typeof DENIED) => must(store.denials.add(BY, denied, 'stolen'))

const entriesBySqlite = (path: string): string => {
  const database = new DatabaseSync(path)
  try {
    const row = database.prepare('select count(*) as count from deny_entries').get()
    return `${Number(row?.['count'])} of 2 entries`
  } catch (error) {
    return error instanceof Error ? error.message : 'an error'
  } finally {
    database.close()
  }
}

/** Writes the journal back, as the program does now and then. */
function writeBack(path: string): void {
  const other = new DatabaseSync(path)
  other.exec('pragma wal_checkpoint(truncate)')
  other.close()
}

async function killed(): Promise<readonly Seen[]> {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using served = await serveProcess(upstream.port, YAML)
  const path = join(served.folder, 'data/tfe.sqlite')
  const backup = join(served.folder, 'backup.db')
  {
    await using store = await storeIn(path)
    await deny(store, DENIED)
    await must(store.transfer.backup(BY, backup))
    await deny(store, OTHER)
  }
  served.child.kill('SIGKILL')
  await served.exit
  const config = join(served.folder, 'tfe.yaml')
  const dry = await tfe(['restore', backup, '--config', config, '--dry-run'])
  const done = await tfe(['restore', backup, '--config', config, '--confirm'])
  await using again = await frontEnd({ store: path })
  const told = dry.code === 1 && dry.out.includes(OTHER.key) ? 'the loss told' : dry.out + dry.err
  const restored = done.code === 0 ? 'restored' : done.err
  // A handshake that was turned away has no status.
  const device = (await again.status(fleet.device)) === 0 ? 'turned away' : 'admitted'
  return [{ seen: `${told}, ${restored}, the denied device ${device}` }]
}

/** A store with two entries, its file from before the second, and the journal of after it. */
async function withOldJournal(folder: string): Promise<string> {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using on = await frontEnd({ upstreamPort: upstream.port })
  const path = join(on.product.folder, 'data/tfe.sqlite')
  const swapped = join(folder, 'tfe.sqlite')
  await using store = await storeIn(path)
  await deny(store, OTHER)
  writeBack(path)
  copyFileSync(path, swapped)
  await deny(store, DENIED)
  writeBack(path)
  await must(store.documents.put(BY, { name: 'later', body: 1 }, 0))
  copyFileSync(`${path}-wal`, `${swapped}-wal`)
  return swapped
}

async function oldJournal(): Promise<readonly Seen[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-case-journal-'))
  try {
    const path = await withOldJournal(folder)
    const seen = await frontEnd({ store: path }).then(
      async (on) => {
        await on[Symbol.asyncDispose]()
        return 'served'
      },
      (error: unknown) =>
        String(error).includes('do not belong together') ? 'refused in words' : String(error),
    )
    return [{ seen, control: entriesBySqlite(path) }]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function swapped(): Promise<readonly Seen[]> {
  await using on = await frontEnd()
  const path = join(on.product.folder, 'data/tfe.sqlite')
  const copy = join(on.product.folder, 'copy.db')
  {
    await using store = await storeIn(path)
    await deny(store, OTHER)
    await must(store.transfer.backup(BY, copy))
  }
  await on.inForce()
  const alone = join(on.product.folder, 'alone.db')
  copyFileSync(copy, alone)
  copyFileSync(copy, `${alone}.new`)
  const database = new DatabaseSync(alone)
  renameSync(copy, path)
  renameSync(`${alone}.new`, alone)
  const { status, body } = await on.call('POST', '/api/deny-list', { denied: DENIED, note: 'x' })
  const ready = await until(
    () => on.text('/readyz'),
    (text) => text.includes('not the one that this program has open'),
  )
  const { code = '' } = body as { readonly code?: string }
  const device = await on.status(fleet.device)
  database.exec(`insert into deny_entries values ('key', 'f', '', '', 0)`)
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
  const control = `taken, then ${entriesBySqlite(alone)}`
  const state = ready.startsWith('ready') ? 'ready' : 'not ready'
  return [{ seen: `${status} ${code}, ${state} and told, devices ${device}`, control }]
}

/** Runs in a mount namespace of its own; the last argument is what puts the backup in place. */
const ON_FULL_DISK = `
set -e
mount -t tmpfs -o size=2m tmpfs "$1/data"
cp "$1/store.db" "$1/data/tfe.sqlite"
dd if=/dev/zero of="$1/data/filler" bs=4k 2>/dev/null || true
set +e
sh -c "$2" > "$1/said" 2>&1
echo "exit $?"
cmp -s "$1/store.db" "$1/data/tfe.sqlite" && echo "as it was" || echo "changed"
grep -ci "full\\|room\\|space" "$1/said"
`

async function onFullDisk(how: (folder: string) => string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-case-full-'))
  try {
    writeFiles(folder)
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'tfe.yaml'), productYaml({ upstreamPort: 1, ...YAML }))
    const made = await tfe(['init', '--config', join(folder, 'tfe.yaml')])
    if (made.code !== 0) throw new Error(made.err)
    const path = join(folder, 'data/tfe.sqlite')
    {
      await using store = await storeIn(path)
      await deny(store, OTHER)
    }
    renameSync(path, join(folder, 'store.db'))
    copyFileSync(join(folder, 'store.db'), path)
    {
      await using store = await storeIn(path)
      const body = 'x'.repeat(50_000)
      for (let at = 0; at < 40; at += 1)
        await must(store.documents.put(BY, { name: `d${at}`, body }, 0))
      await must(store.transfer.backup(BY, join(folder, 'backup.db')))
    }
    const { promise, resolve } = Promise.withResolvers<string>()
    const typed = ['-rm', 'sh', '-c', ON_FULL_DISK, 'sh', folder, how(folder)]
    execFile('unshare', typed, { timeout: 60_000 }, (_, out, err) => resolve(out || err))
    const [exit = '', state = '', room = ''] = (await promise).trim().split('\n')
    return `${exit === 'exit 0' ? 'done' : 'refused'}${room === '0' ? '' : ' in words'}, the store ${state}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fullDisk(): Promise<readonly Seen[]> {
  const [seen, control] = await Promise.all([
    onFullDisk(
      (folder) =>
        `'${process.execPath}' '${MAIN}' restore '${folder}/backup.db' --config '${folder}/tfe.yaml' --confirm`,
    ),
    onFullDisk((folder) => `cp '${folder}/backup.db' '${folder}/data/tfe.sqlite'`),
  ])
  return [{ seen, control }]
}

export const BACKUPS: readonly Scene[] = [
  {
    cases: [
      {
        id: 'C11',
        what: 'a restore from a backup after kill -9',
        expected: 'the loss told, restored, the denied device turned away',
      },
    ],
    play: killed,
  },
  {
    cases: [
      {
        id: 'C11',
        what: 'an older copy of the file in the place of the store, the old journal beside it',
        expected: 'refused in words',
        control: '1 of 2 entries',
      },
    ],
    play: oldJournal,
  },
  {
    cases: [
      {
        id: 'C11',
        what: 'the file swapped while it is served, and a deny entry',
        expected: '503 store-replaced, ready and told, devices 200',
        control: 'taken, then 1 of 2 entries',
      },
    ],
    play: swapped,
  },
  {
    cases: [
      {
        id: 'C11',
        what: 'a restore on a full disk',
        expected: 'refused in words, the store as it was',
        control: 'refused in words, the store changed',
      },
    ],
    play: fullDisk,
  },
]
