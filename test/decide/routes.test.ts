import { EXPIRY } from './builders.ts'
import { promise, DISTRUSTED, unsound, unreadable } from './table-row.ts'

promise([
  {
    promise: 'no certificate is refused on a device route',
    peer: { kind: 'none' },
    expect: 'refuse no-certificate',
  },
  {
    promise: 'no certificate is refused on a renewal route',
    peer: { kind: 'none' },
    route: 'renewal',
    expect: 'refuse no-certificate',
  },
  {
    promise: 'no certificate is refused on an always route',
    peer: { kind: 'none' },
    route: 'always',
    expect: 'refuse no-certificate',
  },
  {
    promise: 'a resumed session without a certificate has its own code',
    peer: { kind: 'none-resumed' },
    expect: 'refuse resumed-without-certificate',
  },
  {
    promise: 'an unreadable certificate is refused with what is wrong with it',
    peer: unreadable,
    expect: 'refuse chain-too-large',
  },
  {
    promise: 'an unsound path is refused with what trust found',
    peer: unsound,
    expect: 'refuse untrusted-issuer',
  },
  {
    promise: 'grace never forgives an unsound path',
    peer: unsound,
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse untrusted-issuer',
  },
  {
    promise: 'no certificate passes an open route',
    peer: { kind: 'none' },
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'no certificate passes the legacy OAuth route',
    peer: { kind: 'none' },
    route: 'legacy-oauth',
    expect: 'admit open-route',
  },
  {
    promise: 'a resumed session without a certificate passes an open route',
    peer: { kind: 'none-resumed' },
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'an unreadable certificate is as good as none on an open route',
    peer: unreadable,
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'an unsound path is as good as none on an open route',
    peer: unsound,
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'a device of a distrusted CA may enrol anew',
    standing: DISTRUSTED,
    route: 'open',
    expect: 'admit open-route',
  },
  {
    promise: 'a denied route refuses the best of certificates',
    route: 'denied',
    expect: 'refuse route-denied',
  },
  {
    promise: 'a denied route refuses a peer without a certificate',
    peer: { kind: 'none' },
    route: 'denied',
    expect: 'refuse route-denied',
  },
])
