import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { MAX_FAULTS } from '../../src/kernel/fault-list.ts'
import { certificateBlocks, parsePem, pemOf, readPem } from '../../src/x509/pem.ts'

const DER = Buffer.from('300a06032a0304', 'hex')
const PEM = pemOf(DER)
const begin = (label: string): string => `-----BEGIN ${label}-----`
const end = (label: string): string => `-----END ${label}-----`
const block = (content: string): string =>
  `${begin('CERTIFICATE')}\n${content}\n${end('CERTIFICATE')}\n`

/** As long as a certificate is. */
const LONG = pemOf(Buffer.alloc(300, 7))
const LONG_LINES = LONG.split('\n').length

const taken: readonly (readonly [promise: string, text: string, lines: readonly number[]])[] = [
  ['a text without blocks holds nothing', 'hello\n', []],
  ['an empty text holds nothing', '', []],
  ['a block is decoded', PEM, [1]],
  ['several blocks are decoded, each with its line', `${PEM}${PEM}`, [1, 4]],
  ['text around blocks is explanation', `Subject: CN=x\n${PEM}bye\n`, [2]],
  ['lines may end as on Windows', PEM.replaceAll('\n', '\r\n'), [1]],
  ['the last line needs no end', PEM.trimEnd(), [1]],
  ['white space at the ends of lines is nothing', PEM.replaceAll('\n', ' \t\n'), [1]],
  [
    'lines may be of any length',
    block(
      DER.toString('base64')
        .match(/.{1,4}/gu)
        ?.join('\n') ?? '',
    ),
    [1],
  ],
  ['lines may end as on old Macs', PEM.replaceAll('\n', '\r'), [1]],
  ['lines of each kind are counted once', `a\r\nb\rc\n${PEM}`, [4]],
  ['blank lines inside are nothing', block(`\n${DER.toString('base64')}\n`), [1]],
  [
    'a line that speaks of both boundaries is explanation',
    `Copy all from ${begin('CERTIFICATE')} through and including ${end('CERTIFICATE')}\n${PEM}`,
    [2],
  ],
  [
    'a block with each line commented out is explanation',
    `${LONG.replaceAll(/^/gmu, '# ')}\n${PEM}`,
    [LONG_LINES + 1],
  ],
  [
    'a line from BEGIN to END of 99 characters before the END is explanation',
    `${begin('X')}${'A'.repeat(99 - begin('X').length)}${end('X')}\n${PEM}`,
    [2],
  ],
  [
    'a BEGIN with much behind it and no END is explanation',
    `${begin('X')} ${'A'.repeat(200)}\n${PEM}`,
    [2],
  ],
  [
    'a BEGIN with much behind it and another before an END is explanation',
    `${begin('X')} ${'A'.repeat(200)} ${begin('X')} ${end('X')}\n${PEM}`,
    [2],
  ],
  [
    'an END behind which a second stands alone is explanation',
    `${end('X')} ${'A'.repeat(200)} ${end('X')}.\n${PEM}`,
    [2],
  ],
]

for (const [promise, text, lines] of taken) {
  test(promise, () => {
    const result = parsePem(text)
    expect(result).toMatchObject({
      ok: true,
      value: lines.map((line) => ({ line, der: DER, label: 'CERTIFICATE' })),
    })
  })
}

const refused: readonly (readonly [
  promise: string,
  text: string,
  faults: readonly (readonly [number, RegExp])[],
])[] = [
  [
    'a block without its end is found',
    `x\n${begin('CERTIFICATE')}\nAAAA\n`,
    [[2, /without its END/u]],
  ],
  ['an end without its begin is found', `x\n${end('CERTIFICATE')}\n`, [[2, /without its BEGIN/u]]],
  [
    'a begin inside a block is found, and the second block stands',
    `${begin('CERTIFICATE')}\n${PEM}`,
    [[1, /without its END/u]],
  ],
  [
    'an end of another block is found',
    `${begin('CERTIFICATE')}\nAAAA\n${end('CRL')}\n`,
    [[3, /found END CRL, wanted END CERTIFICATE for the BEGIN of line 1/u]],
  ],
  [
    'a private key among certificates is found, and not repeated',
    `${PEM}${begin('PRIVATE KEY')}\nc2VjcmV0\n${end('PRIVATE KEY')}\n`,
    [
      [
        4,
        /^found a block labelled PRIVATE KEY, wanted only CERTIFICATE: remove it from this file$/u,
      ],
    ],
  ],
  ['an empty block is found', block(''), [[1, /empty CERTIFICATE/u]]],
  [
    'a character outside base64 is found in its line',
    block('AAAA\nA$AA\nAAAA'),
    [[3, /not base64/u]],
  ],
  [
    'a header field inside is found in its line',
    block('Proc-Type: 4,ENCRYPTED\n\nAAAA'),
    [[2, /header field/u]],
  ],
  ['what is beside such a line is not judged', block('A$AA\nAAA'), [[2, /not base64/u]]],
  [
    'two files put together are found',
    `${PEM.trimEnd()}${PEM}`,
    [
      [
        3,
        /^found END and BEGIN on one line, wanted each on a line of its own: put a line break between them$/u,
      ],
      [1, /does not add up/u],
    ],
  ],
  [
    'a block whose line breaks became blanks is found',
    `${PEM}${LONG.replaceAll('\n', ' ')}\n${PEM}`,
    [
      [
        4,
        /^found a whole block on one line, which would not be read, wanted its BEGIN and its END on lines of their own: put the line breaks back that have become blanks or \\n$/u,
      ],
    ],
  ],
  [
    'a block in JSON, its line breaks written as \\n, is found',
    `{\n"cert": ${JSON.stringify(LONG)},\n"x": 1 }\n`,
    [[2, /whole block on one line/u]],
  ],
  [
    'such a block behind a short one is found',
    `${PEM.replaceAll('\n', ' ')}${LONG.replaceAll('\n', ' ')}`,
    [[1, /whole block on one line/u]],
  ],
  [
    'a line from BEGIN to END of 100 characters before the END is found',
    `${begin('X')}${'A'.repeat(100 - begin('X').length)}${end('X')}\n${PEM}`,
    [[1, /whole block on one line/u]],
  ],
  [
    'a byte order mark in front of a second file is found, for nothing shows it',
    `${PEM}\u00ef\u00bb\u00bf${PEM}`,
    [
      [
        4,
        /^found a byte order mark, which editors do not show, in front of a BEGIN inside the file, wanted the BEGIN alone: remove the mark from the file that was put behind another$/u,
      ],
      [6, /END CERTIFICATE without its BEGIN/u],
    ],
  ],
  [
    'an END with more behind it is found, and the next block stands',
    `${PEM.trimEnd()}\u001a\n${PEM}`,
    [
      [
        3,
        /^found more than an END on its line, wanted it alone: remove what stands behind it, a control character perhaps$/u,
      ],
    ],
  ],
  ['base64 that lost a character is found', block('AAA'), [[1, /does not add up/u]]],
  ['base64 padded in the middle is found', block('AA==\nAAAA'), [[1, /does not add up/u]]],
  ['base64 with stray bits is found', block('AAB='), [[1, /does not add up/u]]],
  [
    'all faults are found at once',
    `${block('A$AA\nAAAA\nB?BB')}${end('X')}\n${begin('CERTIFICATE')}\n`,
    [
      [2, /not base64/u],
      [4, /not base64/u],
      [6, /END X without/u],
      [7, /without its END/u],
    ],
  ],
]

for (const [promise, text, faults] of refused) {
  test(promise, () => {
    const result = parsePem(text)
    const found = result.ok ? [] : result.failure
    expect(found.map(({ line }) => line)).toEqual(faults.map(([line]) => line))
    for (const [index, [, message]] of faults.entries()) {
      expect(found[index]?.message).toMatch(message)
    }
  })
}

const MIB = 1024 * 1024

/** Such made the reader throw, run out of memory or answer with a sentence for each line. */
const HUGE: readonly (readonly [promise: string, text: string, isTaken: boolean])[] = [
  ['a label of megabytes', `-----BEGIN ${'a-'.repeat(4 * MIB)}X-----\n`, false],
  ['a hundred thousand lines that are no base64', block('?\n'.repeat(1e5)), false],
  ['a hundred thousand blocks without an end', `${begin('CERTIFICATE')}\n`.repeat(1e5), false],
  ['a hundred thousand ends without a block', `${end('CERTIFICATE')}\n`.repeat(1e5), false],
  ['half a million lines without anything', block('\n'.repeat(5e5)), false],
  ['a hundred thousand boundaries on one line', `${end('X')}${begin('X')}`.repeat(1e5), false],
  ['megabytes of END without an end', '-----END '.repeat(MIB), true],
  ['megabytes of BEGIN and one END', `${'-----BEGIN '.repeat(MIB)}-----END `, true],
  ['ten thousand blocks on one line', LONG.replaceAll('\n', ' ').repeat(1e4), false],
  ['a line of megabytes of dashes', '-'.repeat(8 * MIB), true],
  ['a block of one line of megabytes', block('A'.repeat(8 * MIB)), true],
  ['a block of half a million lines of one character', block('A\n'.repeat(5e5)), true],
]

for (const [promise, text, isTaken] of HUGE) {
  test(`${promise}: answered with a hundred sentences and one at most`, () => {
    const read = parsePem(text)
    expect(read.ok).toBe(isTaken)
    const faults = read.ok ? [] : read.failure
    expect(faults.length).toBeLessThanOrEqual(MAX_FAULTS + 1)
    expect(faults.filter(({ message }) => message.length > 300)).toEqual([])
  })
}

test('of more than a hundred faults in one block or in many the rest is counted', () => {
  const one = parsePem(`${block('?\n'.repeat(90))}${block('?\n'.repeat(250))}`)
  const faults = one.ok ? [] : one.failure
  expect(faults).toHaveLength(MAX_FAULTS + 1)
  expect(faults.at(-2)).toMatchObject({ line: 104, message: expect.stringContaining('not base64') })
  expect(faults.at(-1)).toEqual({
    line: 105,
    message: 'found 240 more faults from here on, wanted none: mend those above first',
  })
})

const LABELS: readonly (readonly [promise: string, label: string, shown: string])[] = [
  ['a label of 64 characters is shown whole', 'L'.repeat(64), 'L'.repeat(64)],
  ['one of 65 is cut', 'L'.repeat(65), `${'L'.repeat(61)}...`],
  ['what cannot be printed is not', 'A\u001b[2J\u202eé~ ', 'A?[2J??~ '],
]

for (const [promise, label, shown] of LABELS) {
  test(`${promise}, in every sentence with a label`, () => {
    const sentences = [
      `${begin(label)}\nAAAA\n${end(label)}`,
      begin(label),
      end(label),
      `${begin('CERTIFICATE')}\n${end(label)}`,
      `${begin(label)}\n${end('CERTIFICATE')}`,
    ].map((text) => {
      const read = parsePem(text)
      return read.ok ? '' : read.failure[0]?.message
    })
    expect(sentences).toEqual([
      `found a block labelled ${shown}, wanted only CERTIFICATE: remove it from this file`,
      `found BEGIN ${shown} without its END, wanted -----END ${shown}-----: copy the whole file`,
      `found END ${shown} without its BEGIN, wanted -----BEGIN ${shown}----- above: copy the whole file`,
      `found END ${shown}, wanted END CERTIFICATE for the BEGIN of line 1`,
      `found END CERTIFICATE, wanted END ${shown} for the BEGIN of line 1`,
    ])
    const contents = ['', 'AAA'].map((content) => {
      const read = parsePem(`${begin(label)}\n${content}\n${end(label)}`, label)
      return read.ok ? '' : read.failure[0]?.message
    })
    expect(contents).toEqual([
      `found an empty ${shown}, wanted its base64`,
      `found base64 that does not add up in this ${shown}, wanted its text unaltered: copy the block again`,
    ])
  })
}

const NO_BOUNDARIES: readonly string[] = [
  '----BEGIN CERTIFICATE-----',
  '-----BEGIN CERTIFICATE----',
  '-----BEGIN CERTIFICATE------',
  '-----BEGIN A--B-----',
  '-----BEGINCERTIFICATE-----',
  '-----BEGIN ----',
  '-----begin CERTIFICATE-----',
  'x-----BEGIN CERTIFICATE-----',
  '-----BEGIN CERTIFICATE-----x',
]

for (const line of NO_BOUNDARIES) {
  test(`${line} begins nothing`, () => {
    expect(parsePem(`${line}\n`)).toEqual({ ok: true, value: [] })
  })
}

test('single dashes are part of a label, and so is none at all', () => {
  for (const label of ['A-B', '-A', '']) {
    const read = parsePem(`${begin(label)}\nAAAA\n${end(label)}`, label)
    expect(read).toMatchObject({ ok: true, value: [{ label }] })
  }
})

const every = (text: string) => readPem(text, () => undefined)

const ODD: readonly (readonly [what: string, text: string, departures: readonly string[]])[] = [
  ['nothing odd', PEM, []],
  ['a byte order mark', `\ufeff${PEM}`, ['byte-order-mark']],
  ['a byte order mark read octet by octet', `\u00ef\u00bb\u00bf${PEM}`, ['byte-order-mark']],
  ['such a mark further on, which is text', `x\n\ufeff\n${PEM}`, []],
  ['a BEGIN behind a blank', ` ${PEM}`, ['indented-boundary']],
  ['an END behind a tab', PEM.replace('-----END', '\t-----END'), ['indented-boundary']],
  ['blanks behind both', PEM.replaceAll('-----\n', '----- \n'), []],
  ['blanks before what is none', ` -----\n${PEM}`, []],
]

for (const [what, text, departures] of ODD) {
  test(`a text with ${what} is read, and that is told`, () => {
    const read = every(text)
    expect(read).toMatchObject({ ok: true, value: { blocks: [{ der: DER }] } })
    expect(read.ok ? [...read.value.departures] : []).toEqual(departures)
  })
}

test('blocks that are skipped are passed over, whatever is in them, and others not', () => {
  const text = `${begin('A')}\n?\n${end('A')}\n${pemOf(DER, 'B')}`
  const read = readPem(
    text,
    () => undefined,
    (label) => label === 'A',
  )
  expect(read).toMatchObject({ ok: true, value: { blocks: [{ label: 'B', line: 4 }] } })
  expect(every(text)).toMatchObject({ ok: false, failure: [{ line: 2 }] })
})

test('a block on one line is passed over where its label is skipped, and found beside one that is not', () => {
  const key = LONG.replaceAll('CERTIFICATE', 'PRIVATE KEY').replaceAll('\n', ' ')
  const skipping = (text: string) =>
    readPem(
      text,
      () => undefined,
      (label) => label === 'PRIVATE KEY',
    )
  expect(skipping(`${key}\n${PEM}`)).toMatchObject({ ok: true, value: { blocks: [{ line: 2 }] } })
  for (const text of [key + LONG.replaceAll('\n', ' '), LONG.replaceAll('\n', ' ') + key]) {
    expect(skipping(`${text}\n${PEM}`)).toMatchObject({ ok: false, failure: [{ line: 1 }] })
  }
})

test('joined boundaries are told apart from dashes, whatever their labels', () => {
  for (const label of ['', 'X', 'CERTIFICATE']) {
    const joined = every(`${end(label)}${begin(label)}`)
    expect(joined).toMatchObject({ ok: false, failure: [{ line: 1 }] })
  }
  expect(every('-----END X-----x-----BEGIN X-----').ok).toBe(true)
})

test('certificates are cut out of a text with their boundaries', () => {
  expect(certificateBlocks(`a\n${PEM}b\n${PEM}`)).toEqual([PEM.trimEnd(), PEM.trimEnd()])
  expect(certificateBlocks('a')).toEqual([])
})

test('nothing is written as boundaries alone', () => {
  expect(pemOf(Buffer.alloc(0))).toBe(`${begin('CERTIFICATE')}\n${end('CERTIFICATE')}\n`)
})

test('another label can be asked for', () => {
  const text = pemOf(DER, 'X509 CRL')
  expect(parsePem(text, 'X509 CRL')).toMatchObject({ ok: true, value: [{ der: DER }] })
  expect(parsePem(text).ok).toBe(false)
})

test('what is written is what is read, whatever it is', () => {
  for (let length = 1; length < 200; length += 1) {
    const der = randomBytes(length)
    expect(parsePem(pemOf(der))).toMatchObject({ ok: true, value: [{ der }] })
  }
})

test('lines are written 64 characters long', () => {
  const lines = pemOf(Buffer.alloc(100)).split('\n')
  expect(lines.slice(1, -2).map((line) => line.length)).toEqual([64, 64, 8])
})
