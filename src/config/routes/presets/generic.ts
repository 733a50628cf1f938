import type { RoutePreset } from './preset.ts'

/** Any server: everything asks for a fit certificate. Rows for enrolment and renewal are yours to add. */
export const generic: RoutePreset = {
  title: 'any server',
  rows: [
    {
      id: 'everything',
      path: '/*',
      class: 'device',
      sensitive: true,
      evidence: 'K',
      verified: true,
      sentence:
        'the whole server; a row of your own for a longer path is more specific and goes first',
    },
  ],
  questions: [],
}
