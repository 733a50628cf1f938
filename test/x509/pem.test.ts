import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { parsePem, pemOf } from '../../src/x509/pem.ts'

const DER = Buffer.from('300a06032a0304', 'hex')
const PEM = pemOf(DER)
const begin = (label: string): string => `-----BEGIN ${label}-----`
const end = (label: string): string => `-----END ${label}-----`
const block = (content: string): string =>
  `${begin('CERTIFICATE')}\n${content}\n${end('CERTIFICATE')}\n`

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
  ['blank lines inside are nothing', block(`\n${DER.toString('base64')}\n`), [1]],
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
