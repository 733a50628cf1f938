import { EXPIRY, ISSUED } from './a-path.ts'
import { promise, CURRENT, DISTRUSTED } from './row.ts'

promise([
  {
    promise: 'the first timely path wins over an expired one before it',
    paths: [{ intermediate: { notAfter: ISSUED } }, {}],
    expect: 'admit verified',
  },
  {
    promise: 'the first timely path wins over an expired one after it',
    paths: [{}, { intermediate: { notAfter: ISSUED } }],
    expect: 'admit verified',
  },
  {
    promise: 'a current CA wins over a staged one',
    paths: [{ setting: 'new' }, {}],
    standings: { new: { kind: 'staged' }, devices: CURRENT },
    expect: 'admit verified',
  },
  {
    promise: 'a current CA wins over a distrusted one',
    paths: [{ setting: 'old' }, {}],
    standings: { old: DISTRUSTED, devices: CURRENT },
    expect: 'admit verified',
  },
  {
    promise: 'on a renewal route a path in grace wins over a refused one',
    paths: [{ intermediate: { notAfter: ISSUED } }, {}],
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'on a renewal route a path in grace wins over a distrusted one',
    paths: [{ setting: 'old' }, {}],
    standings: { old: DISTRUSTED, devices: CURRENT },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'of two refusals the path that came further speaks',
    paths: [{ setting: 'new' }, { intermediate: { notAfter: ISSUED } }],
    standings: { new: { kind: 'staged' }, devices: CURRENT },
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'of two refusals the path that came further speaks, in either order',
    paths: [{ intermediate: { notAfter: ISSUED } }, { setting: 'new' }],
    standings: { new: { kind: 'staged' }, devices: CURRENT },
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'an expired leaf tells more than an expired issuer',
    paths: [{ intermediate: { notAfter: ISSUED } }, {}],
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise: 'distrust speaks before a path that came further',
    paths: [{ setting: 'old' }, {}],
    standings: { old: DISTRUSTED, devices: CURRENT },
    now: EXPIRY + 1,
    expect: 'refuse distrusted',
  },
])
