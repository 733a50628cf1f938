import { promise, DISTRUSTED, unsound } from './table-row.ts'

promise([
  { promise: 'a denied key is refused', keys: ['leaf-key'], expect: 'refuse denied-key' },
  {
    promise: 'a denied key is refused on a renewal route',
    keys: ['leaf-key'],
    route: 'renewal',
    expect: 'refuse denied-key',
  },
  {
    promise: 'a denied key is refused on an open route',
    keys: ['leaf-key'],
    route: 'open',
    expect: 'refuse denied-key',
  },
  {
    promise: 'a denied key is refused on the legacy OAuth route',
    keys: ['leaf-key'],
    route: 'legacy-oauth',
    expect: 'refuse denied-key',
  },
  {
    promise: 'a denied key is refused though its path is unsound',
    keys: ['leaf-key'],
    peer: unsound,
    expect: 'refuse denied-key',
  },
  {
    promise: 'a denied key is refused on an open route though its path is unsound',
    keys: ['leaf-key'],
    peer: unsound,
    route: 'open',
    expect: 'refuse denied-key',
  },
  {
    promise: 'the denied key of another device refuses no device',
    keys: ['other-key'],
    expect: 'admit verified',
  },
  {
    promise: 'a denied serial is refused',
    serials: ['anchor-key:07'],
    expect: 'refuse denied-serial',
  },
  {
    promise: 'a denied serial is refused on an open route',
    serials: ['anchor-key:07'],
    route: 'open',
    expect: 'refuse denied-serial',
  },
  {
    promise: 'a denied serial is looked up under the key that issued it',
    serials: ['intermediate-key:07'],
    path: { intermediate: {} },
    expect: 'refuse denied-serial',
  },
  {
    promise: 'a denied serial of a higher CA is another certificate',
    serials: ['anchor-key:07'],
    path: { intermediate: {} },
    expect: 'admit verified',
  },
  {
    promise: 'another serial of the same CA is refused to no device',
    serials: ['anchor-key:08'],
    expect: 'admit verified',
  },
  {
    promise: 'a serial says nothing while no CA vouches for its issuer',
    serials: ['anchor-key:07'],
    peer: unsound,
    expect: 'refuse untrusted-issuer',
  },
  {
    promise: 'a denied serial is found on the second path, too',
    serials: ['intermediate-key:07'],
    paths: [{}, { intermediate: {} }],
    expect: 'refuse denied-serial',
  },
  {
    promise: 'a denied CA key refuses before a rule that recording would spare',
    keys: ['anchor-key'],
    standing: { kind: 'staged' },
    enforcement: 'recording',
    expect: 'refuse denied-issuer',
  },
  {
    promise: 'a distrusted CA is called distrusted, its key denied or not',
    keys: ['anchor-key'],
    standing: DISTRUSTED,
    expect: 'refuse distrusted',
  },
  {
    promise: 'a denied CA key refuses what hangs below it',
    keys: ['anchor-key'],
    expect: 'refuse denied-issuer',
  },
  {
    promise: 'a denied intermediate key refuses what hangs below it',
    keys: ['intermediate-key'],
    path: { intermediate: {} },
    expect: 'refuse denied-issuer',
  },
  {
    promise: 'a cross-signed CA whose key is denied does not pass by its other name',
    keys: ['stolen'],
    paths: [{ anchor: { key: 'stolen' } }, { intermediate: { key: 'stolen' } }],
    expect: 'refuse denied-issuer',
  },
  {
    promise: 'a device of a denied CA may enrol anew',
    keys: ['anchor-key'],
    route: 'open',
    expect: 'admit open-route',
  },
])
