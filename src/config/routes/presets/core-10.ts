import { APPS_DATA, CHECK_IN, ENROLMENT, epmm, MANAGEMENT } from './epmm.ts'
import type { RoutePreset } from './preset.ts'

/**
 * MobileIron Core 10: the same paths, as far as they are documented. Apps@Work follows the app storefront's own
 * setting there (S1-05), not a rule of the front end, and the new OAuth endpoint does not exist yet.
 */
export const core10: RoutePreset = {
  title: 'MobileIron Core 10',
  rows: [
    ...MANAGEMENT,
    ...ENROLMENT,
    ...CHECK_IN,
    APPS_DATA,
    {
      id: 'apps-storefront',
      reports: 'query:clientid',
      path: '/mifs/asfV3/appstore/*',
      class: 'device',
      sensitive: true,
      evidence: 'D',
      verified: true,
      sentence: 'Apps@Work: the storefront without certificate authentication',
    },
    {
      id: 'apps-storefront-certificate',
      reports: 'query:clientid',
      path: '/mifs/asfV3x/appstore/*',
      class: 'device',
      sensitive: true,
      evidence: 'D',
      verified: true,
      sentence:
        'Apps@Work: the storefront with certificate authentication; give it class always once App Storefront Authentication is set to certificates',
    },
  ],
  questions: epmm.questions,
}
