import { DAY, EXPIRY, ISSUED } from './builders.ts'
import { promise, DISTRUSTED, RETIRED, RETIRED_FOR_EVER } from './table-row.ts'

promise([
  {
    promise: 'a staged CA admits no device yet',
    standing: { kind: 'staged' },
    expect: 'refuse staged',
  },
  {
    promise: 'a staged CA gives no grace',
    standing: { kind: 'staged' },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse staged',
  },
  {
    promise: 'a distrusted CA admits no device',
    standing: DISTRUSTED,
    expect: 'refuse distrusted',
  },
  {
    promise: 'a CA without a standing counts as distrusted',
    standings: {},
    expect: 'refuse distrusted',
  },
  {
    promise: 'a previously trusted CA admits what it issued up to its retirement',
    standing: RETIRED_FOR_EVER,
    expect: 'admit verified',
  },
  {
    promise: 'a previously trusted CA refuses what it issued a second later',
    standing: RETIRED_FOR_EVER,
    path: { notBefore: ISSUED + 1000 },
    expect: 'refuse issued-after-retirement',
  },
  {
    promise: 'a previously trusted CA refuses what it issued a millisecond later',
    standing: RETIRED_FOR_EVER,
    path: { notBefore: ISSUED + 1 },
    expect: 'refuse issued-after-retirement',
  },
  {
    promise: 'a previously trusted CA may admit in grace',
    standing: RETIRED_FOR_EVER,
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'grace never forgives issue after retirement',
    standing: RETIRED_FOR_EVER,
    path: { notBefore: ISSUED + 1 },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse issued-after-retirement',
  },
  {
    promise: 'a previously trusted CA admits until its sunset',
    standing: RETIRED,
    now: EXPIRY - DAY - 1,
    expect: 'admit verified',
  },
  {
    promise: 'a previously trusted CA refuses the instant its sunset comes',
    standing: RETIRED,
    now: EXPIRY - DAY,
    expect: 'refuse sunset',
  },
  {
    promise: 'grace ends with the sunset',
    standing: RETIRED,
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse sunset',
  },
  {
    promise: 'a previously trusted CA without a sunset has none',
    standing: RETIRED_FOR_EVER,
    now: EXPIRY,
    expect: 'admit verified',
  },
])
