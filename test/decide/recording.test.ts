import { EXPIRY } from './builders.ts'
import { promise, CURRENT, DISTRUSTED, unsound, unreadable } from './table-row.ts'

promise([
  {
    promise: 'recording leaves a verified device verified',
    enforcement: 'recording',
    expect: 'admit verified',
  },
  {
    promise: 'recording leaves grace what it is',
    enforcement: 'recording',
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'recording admits an expired certificate and writes it down',
    enforcement: 'recording',
    now: EXPIRY + 1,
    expect: 'admit recording expired',
  },
  {
    promise: 'recording admits a peer without a certificate',
    enforcement: 'recording',
    peer: { kind: 'none' },
    expect: 'admit recording no-certificate',
  },
  {
    promise: 'recording admits an unsound path',
    enforcement: 'recording',
    peer: unsound,
    expect: 'admit recording untrusted-issuer',
  },
  {
    promise: 'recording admits an unreadable certificate',
    enforcement: 'recording',
    peer: unreadable,
    expect: 'admit recording chain-too-large',
  },
  {
    promise: 'recording admits on a renewal route',
    enforcement: 'recording',
    peer: { kind: 'none' },
    route: 'renewal',
    expect: 'admit recording no-certificate',
  },
  {
    promise: 'recording admits a staged CA',
    enforcement: 'recording',
    standing: { kind: 'staged' },
    expect: 'admit recording staged',
  },
  {
    promise: 'recording leaves an open route open',
    enforcement: 'recording',
    peer: { kind: 'none' },
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'an always route refuses in recording, too',
    enforcement: 'recording',
    peer: { kind: 'none' },
    route: 'always',
    expect: 'refuse no-certificate',
  },
  {
    promise: 'a denied route refuses in recording, too',
    enforcement: 'recording',
    route: 'denied',
    expect: 'refuse route-denied',
  },
  {
    promise: 'a denied key is refused in recording, too',
    enforcement: 'recording',
    keys: ['leaf-key'],
    expect: 'refuse denied-key',
  },
  {
    promise: 'a denied serial is refused in recording, too',
    enforcement: 'recording',
    serials: ['anchor-key:07'],
    expect: 'refuse denied-serial',
  },
  {
    promise: 'a denied CA key is refused in recording, too',
    enforcement: 'recording',
    keys: ['anchor-key'],
    expect: 'refuse denied-issuer',
  },
  {
    promise: 'a distrusted CA is refused in recording, too',
    enforcement: 'recording',
    standing: DISTRUSTED,
    expect: 'refuse distrusted',
  },
  {
    promise: 'distrust on one of two paths is refused in recording, too',
    enforcement: 'recording',
    paths: [{}, { setting: 'old' }],
    standings: { old: DISTRUSTED, devices: CURRENT },
    now: EXPIRY + 1,
    expect: 'refuse distrusted',
  },
])
