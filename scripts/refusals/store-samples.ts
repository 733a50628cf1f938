/**
 * For every failure of the store its cause, and facts to explain it with; typed over the closed union.
 */
import type { StoreFailure, EntityKind } from '../../src/store/failure.ts'
import { amount, instant } from './placeholders.ts'
import { byUs, type Cases } from './samples.ts'

const detail = '{detail}'
const what = '{thing}' as EntityKind
const key = '{name}'
const setting = '{setting}'
const version = amount('version')

/** What a question to the store or a change of it may end with. */
export const STORE: Cases<StoreFailure> = {
  'store-absent': byUs({ kind: 'store-absent', where: '{path}' }),
  'store-closed': byUs({ kind: 'store-closed' }),
  'store-corrupt': byUs({ kind: 'store-corrupt', detail, copies: [] }),
  'store-full': byUs({ kind: 'store-full', detail }),
  'store-locked': byUs({ kind: 'store-locked', detail }),
  'store-pooled': byUs({ kind: 'store-pooled', pooling: 'transaction' }),
  'store-read-only': byUs({ kind: 'store-read-only', detail }),
  'store-replaced': byUs({ kind: 'store-replaced', detail }),
  'store-unavailable': byUs({ kind: 'store-unavailable', detail }),
  'journal-foreign': byUs({ kind: 'journal-foreign', detail }),
  'not-a-store': byUs({ kind: 'not-a-store', detail }),
  'schema-newer': byUs({
    kind: 'schema-newer',
    found: amount('found'),
    known: amount('known'),
    copies: [],
  }),
  'copy-failed': byUs({
    kind: 'copy-failed',
    dialect: 'sqlite',
    from: amount('found'),
    copy: '{path}',
    detail,
  }),
  'unknown-row': byUs({
    kind: 'unknown-row',
    table: '{table}',
    key: '{key}',
    column: '{column}',
    found: '{found}',
    wanted: '{wanted}',
  }),
  'already-exists': byUs({ kind: 'already-exists', what, key }),
  'not-found': byUs({ kind: 'not-found', what, key }),
  stale: byUs({ kind: 'stale', what, key, expected: amount('expected'), found: amount('found') }),
  'too-many': byUs({ kind: 'too-many', what, found: amount('found'), limit: amount('limit') }),
  'bad-cursor': byUs({ kind: 'bad-cursor', found: '{found}' }),
  'standing-refused': byUs({
    kind: 'standing-refused',
    setting,
    found: '{found}',
    wanted: '{wanted}',
  }),
  'distrust-forgotten': byUs({ kind: 'distrust-forgotten', setting }),
  'setting-in-use': byUs({ kind: 'setting-in-use', setting, devices: amount('devices') }),
  'device-blocked': byUs({ kind: 'device-blocked', device: '{device}' }),
  latched: byUs({ kind: 'latched', since: instant('since') }),
  'oauth-both-disabled': byUs({ kind: 'oauth-both-disabled' }),
  'devices-pending': byUs({
    kind: 'devices-pending',
    pending: amount('pending'),
    unidentified: amount('unidentified'),
  }),
  'last-administrator': byUs({ kind: 'last-administrator', name: '{name}' }),
  'key-missing': byUs({ kind: 'key-missing', version, held: [amount('held')] }),
  'key-wrong': byUs({ kind: 'key-wrong', version }),
  'key-not-newer': byUs({
    kind: 'key-not-newer',
    ring: amount('newest'),
    current: amount('current'),
  }),
  'key-not-made': byUs({ kind: 'key-not-made', detail }),
  'instances-lack-key': byUs({
    kind: 'instances-lack-key',
    version,
    instances: ['{instance}'],
  }),
  'seal-broken': byUs({ kind: 'seal-broken', secret: '{secret}' }),
  'secret-too-large': byUs({ kind: 'secret-too-large', limit: amount('limit') }),
  'secrets-full': byUs({ kind: 'secrets-full', limit: amount('limit') }),
  'import-into-used': byUs({ kind: 'import-into-used', table: '{table}' }),
  'import-malformed': byUs({ kind: 'import-malformed', line: amount('line'), detail }),
  'import-other-schema': byUs({
    kind: 'import-other-schema',
    found: amount('found'),
    wanted: amount('wanted'),
  }),
  'backup-refused': byUs({ kind: 'backup-refused', detail }),
  'backup-unwritable': byUs({ kind: 'backup-unwritable', tried: ['{path}: {detail}'] }),
  'backup-elsewhere': byUs({ kind: 'backup-elsewhere', command: '{command}' }),
}
