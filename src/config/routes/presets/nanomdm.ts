import type { RoutePreset } from './preset.ts'

/** NanoMDM, and MicroMDM where it agrees, with a SCEP server beside it. */
export const nanomdm: RoutePreset = {
  title: 'NanoMDM',
  rows: [
    {
      id: 'mdm',
      path: '/mdm/*',
      class: 'device',
      sensitive: true,
      evidence: 'V',
      verified: true,
      sentence: 'commands and, unless split off, check-in of Apple devices',
    },
    {
      id: 'checkin',
      path: '/checkin/*',
      class: 'device',
      evidence: 'V',
      verified: true,
      sentence:
        'check-in, where the profile names it separately: enrolment ends there, so it asks for no approval; mark it sensitive if declarations are handed out by it',
    },
    {
      id: 'authproxy',
      path: '/authproxy/*',
      class: 'device',
      sensitive: true,
      evidence: 'V',
      verified: true,
      sentence: 'content that NanoMDM hands out to devices that it knows',
    },
    {
      id: 'api',
      path: '/v1/*',
      class: 'denied',
      evidence: 'V',
      verified: true,
      sentence: 'API of the server, with one password for everything',
    },
    {
      id: 'version',
      path: '/version',
      class: 'denied',
      evidence: 'V',
      verified: true,
      sentence: 'tells strangers which version to attack',
    },
    {
      id: 'scep',
      path: '/scep/*',
      class: 'open',
      evidence: 'K',
      verified: false,
      sentence:
        'SCEP server, which protects itself by a challenge; turn it on if yours is published here',
    },
    {
      id: 'enroll',
      path: '/enroll/*',
      class: 'open',
      evidence: 'K',
      verified: false,
      sentence:
        'enrolment profiles, as operators usually publish them; turn it on if yours are here',
    },
  ],
  questions: [],
}
