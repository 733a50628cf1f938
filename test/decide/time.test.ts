import { EXPIRY, ISSUED } from './builders.ts'
import { promise, GRACE_END } from './table-row.ts'

promise([
  {
    promise: 'a certificate counts through its last millisecond',
    now: EXPIRY,
    expect: 'admit verified',
  },
  {
    promise: 'a millisecond after notAfter a device route refuses',
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise: 'a millisecond after notAfter an always route refuses',
    now: EXPIRY + 1,
    route: 'always',
    expect: 'refuse expired',
  },
  {
    promise: 'a millisecond after notAfter a renewal route admits in grace',
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'grace counts through its last millisecond',
    now: GRACE_END,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'after grace a renewal route refuses',
    now: GRACE_END + 1,
    route: 'renewal',
    expect: 'refuse expired-beyond-grace',
  },
  {
    promise: 'a device route says expired while grace lasts',
    now: GRACE_END,
    expect: 'refuse expired',
  },
  {
    promise: 'a device route says that grace has ended when it has',
    now: GRACE_END + 1,
    expect: 'refuse expired-beyond-grace',
  },
  {
    promise: 'without grace a renewal route refuses at once',
    now: EXPIRY + 1,
    grace: 0,
    route: 'renewal',
    expect: 'refuse expired-beyond-grace',
  },
  {
    promise: 'a valid certificate on a renewal route is verified, not in grace',
    now: EXPIRY,
    route: 'renewal',
    expect: 'admit verified',
  },
  {
    promise: 'a certificate counts from its first millisecond',
    now: ISSUED,
    expect: 'admit verified',
  },
  {
    promise: 'a millisecond before notBefore refuses',
    now: ISSUED - 1,
    expect: 'refuse not-yet-valid',
  },
  {
    promise: 'grace never reaches back before notBefore',
    now: ISSUED - 1,
    route: 'renewal',
    expect: 'refuse not-yet-valid',
  },
  {
    promise: 'an intermediate counts through its last millisecond',
    path: { intermediate: { notAfter: EXPIRY - 5 } },
    now: EXPIRY - 5,
    expect: 'admit verified',
  },
  {
    promise: 'an expired intermediate refuses a valid leaf',
    path: { intermediate: { notAfter: EXPIRY - 5 } },
    now: EXPIRY - 4,
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'an intermediate counts from its first millisecond',
    path: { intermediate: { notBefore: EXPIRY } },
    now: EXPIRY,
    expect: 'admit verified',
  },
  {
    promise: 'an intermediate that is not yet valid refuses',
    path: { intermediate: { notBefore: EXPIRY } },
    now: EXPIRY - 1,
    expect: 'refuse issuer-not-yet-valid',
  },
  {
    promise: 'an anchor counts through its last millisecond',
    path: { anchor: { notAfter: EXPIRY - 5 } },
    now: EXPIRY - 5,
    expect: 'admit verified',
  },
  {
    promise: 'an expired anchor refuses',
    path: { anchor: { notAfter: EXPIRY - 5 } },
    now: EXPIRY - 4,
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'an anchor counts from its first millisecond',
    path: { anchor: { notBefore: EXPIRY } },
    now: EXPIRY,
    expect: 'admit verified',
  },
  {
    promise: 'an anchor that is not yet valid refuses',
    path: { anchor: { notBefore: EXPIRY } },
    now: EXPIRY - 1,
    expect: 'refuse issuer-not-yet-valid',
  },
  {
    promise: 'grace never forgives an expired intermediate',
    path: { intermediate: { notAfter: EXPIRY - 1 } },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse issuer-expired',
  },
  {
    promise: 'grace never forgives an expired anchor',
    path: { anchor: { notAfter: EXPIRY - 1 } },
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse issuer-expired',
  },
])
