import { expect, test } from 'vitest'
import { readSubjectTemplate, SUBJECT_ATTRIBUTES } from '../../src/fleet/subject-template.ts'

for (const attribute of SUBJECT_ATTRIBUTES) {
  test(`${attribute} is filled in by the server`, () => {
    expect(readSubjectTemplate(`CN=${attribute}`)).toEqual({
      known: [attribute],
      replaced: [],
      effective: `CN=${attribute}`,
    })
  })
}

const ROWS: readonly [string, string, readonly string[], string][] = [
  ['any other attribute is replaced', 'CN=$USERID$', ['$USERID$'], 'CN=$RANDOM_32$'],
  [
    'each is reported once, wherever it stands',
    'CN=$EMAIL$,OU=$USERID$+$EMAIL$',
    ['$EMAIL$', '$USERID$'],
    'CN=$RANDOM_32$,OU=$RANDOM_32$+$RANDOM_32$',
  ],
  ['lower case is another attribute', 'CN=$random_32$', ['$random_32$'], 'CN=$RANDOM_32$'],
  ['plain text is left alone', 'CN=device,O=5$ each', [], 'CN=device,O=5$ each'],
  ['an attribute that does not end is text', 'CN=$USERID', [], 'CN=$USERID'],
]

for (const [promise, subject, replaced, effective] of ROWS) {
  test(promise, () => {
    expect(readSubjectTemplate(subject)).toMatchObject({ replaced, effective })
  })
}
