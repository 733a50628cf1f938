import type { RoutePreset, PresetRow } from './preset.ts'

/**
 * Management and administration. None of it is a device's business; every way into EPMM that was ever found
 * open to the world led through one of these paths, or through a spelling of them.
 */
export const MANAGEMENT: readonly PresetRow[] = [
  {
    id: 'system-manager',
    path: '/mics/*',
    class: 'denied',
    evidence: 'D',
    verified: true,
    sentence: 'System Manager: runs the appliance, belongs on port 8443 inside the company',
  },
  {
    id: 'admin-portal',
    path: '/mifs/admin/*',
    class: 'denied',
    evidence: 'K',
    verified: false,
    sentence: 'Admin Portal: for administrators, not for devices',
  },
  {
    id: 'internal-services',
    path: '/mifs/services/*',
    class: 'denied',
    evidence: 'D',
    verified: true,
    sentence:
      'internal web services: reached from outside in 2020 through a path that Apache and Tomcat read differently',
  },
  {
    id: 'rest-api',
    path: '/mifs/rs/*',
    class: 'denied',
    evidence: 'D',
    verified: true,
    sentence: 'REST API of the server: for integrations inside the company',
  },
  {
    id: 'rest-api-short',
    path: '/api/*',
    class: 'denied',
    evidence: 'K',
    verified: false,
    sentence: 'REST API under its short name',
  },
  {
    id: 'aad-api',
    path: '/mifs/aad/api/*',
    class: 'denied',
    evidence: 'D',
    verified: true,
    sentence:
      'REST API behind a prefix of its own, open without password until July 2023 (CVE-2023-35078)',
  },
  {
    id: 'storefront-api',
    path: '/mifs/asfV3/api/*',
    class: 'denied',
    evidence: 'D',
    verified: true,
    sentence:
      'REST API behind the app store prefix, open without password until August 2023 (CVE-2023-35082)',
  },
  {
    id: 'storefront-api-certificate',
    path: '/mifs/asfV3x/api/*',
    class: 'denied',
    evidence: 'K',
    verified: false,
    sentence:
      'the same behind the certificate variant of the app store prefix, refused for its likeness',
  },
  {
    id: 'in-house-app-files',
    path: '/mifs/c/appstore/fob/*',
    class: 'denied',
    sensitive: true,
    evidence: 'D',
    verified: true,
    sentence:
      'files of in-house apps: ran shell commands for strangers in 2026 (CVE-2026-1281). If you distribute in-house apps and the server is patched, give the row class always',
  },
  {
    id: 'android-files',
    path: '/mifs/c/aftstore/fob/*',
    class: 'denied',
    sensitive: true,
    evidence: 'D',
    verified: true,
    sentence:
      'Android file transfer: the same hole (CVE-2026-1340). If you use it and the server is patched, give the row class always',
  },
]

/** What a device needs before it has a certificate. */
export const ENROLMENT: readonly PresetRow[] = [
  {
    id: 'ireg',
    path: '/mifs/c/i/reg/*',
    class: 'open',
    evidence: 'D',
    verified: true,
    sentence: 'registration of iOS and macOS devices in the browser; they have no certificate yet',
  },
  {
    id: 'windows-registration',
    path: '/mifs/c/windows/api/v2/device/registration',
    class: 'open',
    evidence: 'K',
    verified: false,
    sentence:
      'registration of Windows devices, as seen from outside; turn it on after trying one device',
  },
  {
    id: 'windows-discovery',
    path: '/EnrollmentServer/*',
    class: 'open',
    evidence: 'K',
    verified: false,
    sentence: "Windows' own enrolment protocol; turn it on after trying one device",
  },
  {
    id: 'self-service',
    path: '/mifs/user/*',
    class: 'open',
    evidence: 'K',
    verified: false,
    sentence:
      'self-service portal: people with browsers and passwords; decide whether it belongs on this listener',
  },
  {
    id: 'scep',
    path: undefined,
    class: 'open',
    evidence: 'S',
    verified: false,
    sentence:
      'certificates by SCEP through EPMM ("Proxy requests through Ivanti EPMM"): the path is not documented; read it from the log of one enrolment and set path and enabled',
  },
]

/** What devices do once they have one. */
export const CHECK_IN: readonly PresetRow[] = [
  {
    id: 'client-check-in',
    path: undefined,
    class: 'device',
    sensitive: true,
    evidence: 'S',
    verified: false,
    sentence:
      'check-in of Mobile@Work with mutual authentication on 443: the path is not documented; read it from the log of one device and set path and enabled',
  },
  {
    id: 'ios-mdm',
    path: '/mifs/c/i/mdm/*',
    class: 'device',
    sensitive: true,
    evidence: 'K',
    verified: false,
    sentence:
      'check-in of iOS and macOS MDM; compare with the ServerURL in an installed profile, then turn it on',
  },
  {
    id: 'windows-check-in',
    path: undefined,
    class: 'always',
    sensitive: true,
    evidence: 'S',
    verified: false,
    sentence:
      'check-in of Windows, which always uses mutual authentication: the path is not documented',
  },
  {
    id: 'renewal',
    path: undefined,
    class: 'renewal',
    evidence: 'S',
    verified: false,
    sentence:
      'where a device asks for a new certificate, up to 30 days after the old one expired: the path is not documented; without this row an expired device must register again',
  },
  {
    id: 'legacy-oauth',
    path: undefined,
    class: 'legacy-oauth',
    evidence: 'S',
    verified: false,
    sentence:
      'the old OAuth endpoint, open to password spraying; only watchOS apps and old clients need it: the path is not documented',
  },
]

/** What Apps@Work asks for behind its pages, in EPMM as in Core. */
export const APPS_DATA: PresetRow = {
  id: 'apps-data',
  reports: 'query:clientid',
  path: '/mifs/c/api/v4/appstore/*',
  class: 'device',
  sensitive: true,
  evidence: 'D',
  verified: true,
  sentence: 'Apps@Work: list of apps and settings',
}

/** Ivanti EPMM 11.5 and later. */
export const epmm: RoutePreset = {
  title: 'Ivanti EPMM 11.5 and later',
  rows: [
    ...MANAGEMENT,
    ...ENROLMENT,
    ...CHECK_IN,
    {
      id: 'oauth',
      path: undefined,
      class: 'always',
      sensitive: true,
      endpoint: 'oauth',
      evidence: 'S',
      verified: false,
      sentence:
        'the new OAuth endpoint, which always requires mutual authentication: the path is not documented',
    },
    APPS_DATA,
    {
      id: 'apps-storefront',
      reports: 'query:clientid',
      path: '/mifs/asfV3/appstore/*',
      class: 'device',
      sensitive: true,
      evidence: 'D',
      verified: true,
      sentence: 'Apps@Work: the storefront as Android opens it',
    },
    {
      id: 'apps-storefront-certificate',
      reports: 'query:clientid',
      path: '/mifs/asfV3x/appstore/*',
      class: 'always',
      sensitive: true,
      evidence: 'D',
      verified: true,
      sentence: 'Apps@Work: the storefront that asks for a certificate, in every mode',
    },
  ],
  questions: [
    {
      id: 'front-end-field',
      sentence:
        "in which field EPMM expects the certificate could not be found out: confirm on its Trusted Front End page (System Manager > Security > Advanced) or with Ivanti, and set the upstream's identity accordingly",
    },
    {
      id: 'front-end-certificate',
      sentence:
        'EPMM most likely believes that field only on a connection with our own certificate: confirm, upload its CA there, and set clientCertificate on the upstream',
    },
    {
      id: 'sync-port',
      sentence:
        'port 9997 speaks a protocol of its own, not HTTP: a listener of purpose sync relays it as it is; whether the server reads a PROXY header there is not documented, so none is sent unless you say so',
    },
  ],
}
