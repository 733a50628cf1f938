/**
 * A failure of the store in words: what is the matter, and what the operator does next.
 */
import { countText } from '../kernel/count-text.ts'
import { isoText, unreachable } from '../kernel/types.ts'
import type {
  ChangeRefusal,
  SealFailure,
  StoreFailure,
  StoreTrouble,
  TransferFailure,
} from './failure.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** What an operator reads about a failure; `code` is stable. */
export interface StoreExplanation extends Explanation {
  readonly code: StoreFailure['kind']
}

/** Explains a failure of the store. */
export const explainStore = (failure: StoreFailure): StoreExplanation => {
  const [sentence, nextStep] = isTrouble(failure)
    ? explainTrouble(failure)
    : explainRefusal(failure)
  return { code: failure.kind, sentence, nextStep }
}

/** Whether the store itself is unwell, so that asking again later may help and nothing was decided. */
export const isTrouble = (failure: StoreFailure): failure is StoreTrouble =>
  TROUBLES.has(failure.kind)

const TROUBLES: ReadonlySet<string> = new Set<StoreTrouble['kind']>([
  'store-absent',
  'store-closed',
  'store-corrupt',
  'store-full',
  'store-locked',
  'store-pooled',
  'store-read-only',
  'store-replaced',
  'store-unavailable',
  'journal-foreign',
  'not-a-store',
  'schema-newer',
  'copy-failed',
  'unknown-row',
])

type SentenceAndStep = readonly [sentence: string, nextStep: string]

function explainTrouble(why: StoreTrouble): SentenceAndStep {
  switch (why.kind) {
    case 'store-absent':
      return [
        `there is no store at ${why.where}`,
        'create one with `tfe init`; if there was one, bring its volume back first, or the latch and the blocks are forgotten',
      ]
    case 'store-closed':
      return ['the store is closed', 'none, the program is ending']
    case 'store-corrupt':
      return [
        `the store is damaged: ${why.detail}`,
        `stop the program, and put the last backup in its place with \`tfe restore FILE\`, which keeps this file${why.copies.length === 0 ? '' : `; copies from before upgrades: ${why.copies.join(', ')}`}`,
      ]
    case 'store-full':
      return [
        `the store has no room: ${why.detail}`,
        'free space on its volume; nothing was half written',
      ]
    case 'store-locked':
      return [
        `another process holds the store: ${why.detail}`,
        'end the other process, or try again when it is done',
      ]
    case 'store-pooled':
      return [
        `a connection pooler in front of PostgreSQL lends a session for one ${why.pooling} (in PgBouncer: pool_mode = ${why.pooling}), and the store's lock and notifications need a session that stays ours`,
        'name the address of PostgreSQL itself in `store.postgres`, or give this database `pool_mode=session` in the pooler, with 15 connections for each replica',
      ]
    case 'store-read-only':
      return [
        `the store cannot be written: ${why.detail}`,
        'give the program write permission on the store and its folder',
      ]
    case 'store-replaced':
      return [
        `the file of the store is not the one that this program has open: ${why.detail}`,
        'put the file back; or restart the program, which begins with the file that is there then. Until then nothing is changed, and requests are judged by what the store said last',
      ]
    case 'store-unavailable':
      return [
        `the store does not answer: ${why.detail}`,
        'look after the database; judging goes on with the last snapshot meanwhile',
      ]
    case 'journal-foreign':
      return [
        `the store and its journal do not belong together: ${why.detail}, and SQLite would mix the two`,
        'if the file was put there from a backup, move it to another name and give that to `tfe restore`, which says what is lost and keeps the journal; else bring back the file that the journal belongs to',
      ]
    case 'not-a-store':
      return [
        `this is no store of this program: ${why.detail}`,
        'name the right file or database; an empty one is made into a store by `tfe init`',
      ]
    case 'schema-newer':
      return [
        `the store has schema ${why.found}, and this program knows schemas up to ${why.known}`,
        why.copies.length === 0
          ? 'run the newer program again, or stop it everywhere and restore a backup from before the upgrade'
          : `run the newer program again, or stop it everywhere and name a copy from before the upgrade as the store: ${why.copies.join(', ')}`,
      ]
    case 'copy-failed':
      return [
        `the store has schema ${why.from} and was not upgraded, because its copy ${why.copy} could not be made: ${why.detail}`,
        why.dialect === 'sqlite'
          ? 'make room on the volume of the store, or let the program write in its folder, and start again; the store is as it was'
          : 'make room in the database, or let the program make schemas in it (grant create on database … to its role), and start again; the store is as it was',
      ]
    case 'unknown-row':
      return [
        `table ${why.table}, row ${why.key}, column ${why.column}: found ${why.found}, wanted ${why.wanted}`,
        'find out who wrote the row; restore a backup, or correct it by hand while the program is stopped',
      ]
    default:
      return unreachable(why)
  }
}

function explainRefusal(why: ChangeRefusal): SentenceAndStep {
  switch (why.kind) {
    case 'already-exists':
      if (why.isRemoved === true) {
        return [
          `the name ${why.key} belongs to an ${why.what} that was removed, and stays taken: the audit trail and the devices under it name it`,
          'choose another name, such as one with the year',
        ]
      }
      return [
        `there is already ${/^[aeo]/u.test(why.what) ? 'an' : 'a'} ${why.what} ${why.key}`,
        'choose another name, or change that one',
      ]
    case 'not-found':
      return [
        `there is no ${why.what} ${why.key}`,
        'look for it in the list; it may have been removed',
      ]
    case 'stale':
      return [
        `the ${why.what} ${why.key} is at version ${why.found}, and the change was made for version ${why.expected}`,
        'read it again, and decide again on what it says now',
      ]
    case 'too-many':
      return [
        `${why.found} of ${why.what} in one call, more than the ${why.limit} that it takes`,
        'split the call',
      ]
    case 'bad-cursor':
      return [
        'the cursor of the next page is none of ours',
        'begin the list again without a cursor',
      ]
    case 'standing-refused':
      return [
        `the enrollment setting ${why.setting} is ${why.found}, and this needs ${why.wanted}`,
        'look at the list of enrollment settings and choose the step that fits',
      ]
    case 'distrust-forgotten':
      return [
        `the enrollment setting ${why.setting} is distrusted, and removing it would forget that its keys are`,
        'leave it, it admits no device; or force the removal if no other chain holds a certificate for its CA',
      ]
    case 'setting-in-use':
      return [
        `${countText(why.devices, 'device')} ${why.devices === 1 ? 'depends' : 'depend'} on the enrollment setting ${why.setting}`,
        'let them renew under the current one, or force the removal and enrol them again',
      ]
    case 'device-blocked':
      return [
        `the device ${why.device} is blocked, and forgetting it would forget the block`,
        'unblock it first, or leave it',
      ]
    case 'latched':
      return [
        `enforcement is required since ${isoText(why.since)} and cannot be taken back`,
        'none; in an emergency stop the program and use `tfe break-glass`',
      ]
    case 'oauth-both-disabled':
      return [
        'both OAuth endpoints would be disabled, and no client could sign in',
        'enable the other endpoint first',
      ]
    case 'devices-pending':
      return [
        `${countText(why.pending, 'device')} ${why.pending === 1 ? 'has' : 'have'} not migrated, and ${countText(why.unidentified, 'connection')} on the port could not be told to be a known device`,
        'wait until they have, or force the closing',
      ]
    case 'last-administrator':
      return [
        `${why.name} is the last administrator`,
        'make another one first, or there would be none to make one again',
      ]
    case 'key-missing':
    case 'key-wrong':
    case 'key-not-newer':
    case 'key-not-made':
    case 'instances-lack-key':
    case 'seal-broken':
    case 'secret-too-large':
    case 'secrets-full':
      return explainSealFailure(why)
    case 'import-into-used':
    case 'import-malformed':
    case 'import-other-schema':
    case 'backup-refused':
    case 'backup-unwritable':
    case 'backup-elsewhere':
      return explainTransferFailure(why)
    default:
      return unreachable(why)
  }
}

function explainSealFailure(why: SealFailure): SentenceAndStep {
  switch (why.kind) {
    case 'key-missing':
      return [
        `sealing key ${why.version} is not in this instance's key ring, which holds ${why.held.join(', ') || 'none'}`,
        'bring the key ring of the instance that has it: `tfe keys export` there, `tfe keys import` here',
      ]
    case 'key-wrong':
      return [
        `sealing key ${why.version} of this instance is another key than the store was sealed with`,
        'bring back the key ring that belongs to this store',
      ]
    case 'key-not-newer':
      return [
        `the newest sealing key of this instance is ${why.ring}, and the store is at ${why.current} already`,
        'add a key to the ring (`tfe keys new`), bring it to every instance, and rotate again',
      ]
    case 'key-not-made':
      return [
        `no new sealing key was made: ${why.detail}`,
        'make one where the key ring is kept (`tfe keys new`), bring it to every instance, and call again; nothing was changed',
      ]
    case 'instances-lack-key': {
      const [one] = why.instances
      const who =
        why.instances.length === 1
          ? `${one} runs and lacks`
          : `${why.instances.join(', ')} run and lack`
      return [
        `${who} sealing key ${why.version}, and could open nothing that is sealed after this`,
        'bring the key there first (`tfe keys export`, `tfe keys import`) and wait five minutes until it is read, or force the rotation',
      ]
    }
    case 'seal-broken':
      return [
        `the sealed secret ${why.secret} does not open: it was altered, or moved from another row`,
        'enter the secret again; find out who changed the row',
      ]
    case 'secret-too-large':
      return [
        `the secret has more than the ${countText(why.limit, 'octet')} that one may have`,
        'name the key, keystore or passphrase itself, without what else its file holds',
      ]
    case 'secrets-full':
      return [
        `the store holds ${countText(why.limit, 'secret')}, as many as it takes`,
        'remove those that nothing takes; `tfe secrets list` shows what takes each',
      ]
    default:
      return unreachable(why)
  }
}

function explainTransferFailure(why: TransferFailure): SentenceAndStep {
  switch (why.kind) {
    case 'import-into-used':
      return [
        `the store has rows in ${why.table}, and an import would mix two histories`,
        'import into a store that was just created',
      ]
    case 'import-malformed':
      return [
        `line ${why.line} of the export: ${why.detail}`,
        'export again; nothing of this file was taken in',
      ]
    case 'import-other-schema':
      return [
        `the export has schema ${why.found}, wanted ${why.wanted}`,
        'open the store with this version first, which upgrades it, and export it then',
      ]
    case 'backup-elsewhere':
      return [
        'the store is PostgreSQL, which is backed up by its own tools',
        `run \`${why.command}\` (the password as PGPASSWORD or from .pgpass), or write an export: \`tfe export FILE\``,
      ]
    case 'backup-unwritable':
      return [
        `no backup was made, because no folder takes the copy that is to be sent: ${why.tried.join('; ')}`,
        'make room or give the program the right to write in the folder of the store, or name another folder in TMPDIR; `docs/operations/backup.md` says how it is done while nothing serves',
      ]
    case 'backup-refused':
      return [`no backup was written: ${why.detail}`, 'name a file that does not exist yet']
    default:
      return unreachable(why)
  }
}
