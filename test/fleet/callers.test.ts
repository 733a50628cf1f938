import { expect, test } from 'vitest'
import { callerWarnings, callerWarningText, type CallerNumbers } from '../../src/fleet/callers.ts'

const NONE: CallerNumbers = { days: 30, requests: [], uncertified: 0, named: [] }
const at = (route: string, listener = 'devices') => ({ listener, route, code: 'no-certificate' })

const ROWS: readonly (readonly [string, Partial<CallerNumbers>, readonly string[]])[] = [
  ['a fleet whose devices all showed a certificate is not warned of', {}, []],
  [
    'one device that no client named is told as that',
    { uncertified: 1 },
    [
      '1 device of the inventory never showed a certificate, and no client named it in the last 30 days',
    ],
  ],
  [
    'of several that no client named none is left out',
    { uncertified: 2 },
    [
      '2 devices of the inventory never showed a certificate, and no client named one of them in the last 30 days',
    ],
  ],
  [
    'devices that were named are told with each place, and how many were not',
    {
      uncertified: 80,
      named: [
        { ...at('checkin'), devices: 40 },
        { ...at('', 'tunnel'), devices: 20 },
      ],
    },
    [
      '80 devices of the inventory never showed a certificate: 60 called without one in the last 30 days, by their own word (40 on devices, row checkin: no-certificate; 20 on tunnel: no-certificate), and 20 were not named',
    ],
  ],
  [
    'one that was not named is told as one',
    { uncertified: 2, named: [{ ...at('checkin'), devices: 1 }] },
    [
      '2 devices of the inventory never showed a certificate: 1 called without one in the last 30 days, by their own word (1 on devices, row checkin: no-certificate), and 1 was not named',
    ],
  ],
  [
    'where all were named nothing is said of others',
    { uncertified: 1, named: [{ ...at('checkin'), devices: 1 }] },
    [
      '1 device of the inventory never showed a certificate: 1 called without one in the last 30 days, by their own word (1 on devices, row checkin: no-certificate)',
    ],
  ],
  [
    'requests are told with each place, of many places the first ten and the sum of the rest',
    {
      requests: [
        ...Array.from({ length: 11 }, (_, number) => ({ ...at(`row-${number}`), requests: 2 })),
        { ...at('', ''), code: '', requests: 1 },
      ],
    },
    [
      `23 requests from unknown devices in the last 30 days would have been refused (${Array.from(
        { length: 10 },
        (_, number) => `2 on devices, row row-${number}: no-certificate`,
      ).join('; ')}; 3 elsewhere)`,
    ],
  ],
  [
    'what is not told apart says so',
    { requests: [{ listener: '', route: '', code: '', requests: 1 }] },
    [
      '1 request from unknown devices in the last 30 days would have been refused (1 where it is not told apart)',
    ],
  ],
]

for (const [promise, numbers, texts] of ROWS) {
  test(promise, () => {
    expect(callerWarnings({ ...NONE, ...numbers }).map(callerWarningText)).toEqual(texts)
  })
}
