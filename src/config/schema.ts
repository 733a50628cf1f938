/**
 * What may stand in a configuration file, key by key. The one source of the shape check, of the defaults, of
 * the JSON Schema for editors and of docs/configuration.md. What the schema cannot say (that a name exists,
 * that no two listeners share a port) is checked while the configuration is read.
 */
import { type Static, Type } from 'typebox'
import {
  integer,
  defaultGroup,
  flag,
  group,
  pointInTime,
  keyFingerprint,
  duration,
  offOrDuration,
  singleLine,
  listOf,
  namedMap,
  optionalListOf,
  reference,
  patternText,
  choice,
} from './reading/schema-types.ts'
import { listener } from './listener/schema.ts'
import { upstream } from './upstream/schema.ts'
import { approval } from './service/approval.ts'
import { crl } from './trust/crl.ts'
import { refusals } from './service/refusals.ts'
import { fleet } from './service/fleet.ts'
import { legacyOAuth } from './service/legacy-oauth.ts'
import { trustLimits } from './trust/limits.ts'
import { match, withoutGrace } from './routes/match.ts'
import { networks } from './reading/networks.ts'
import { removeFields } from './service/removed-fields.ts'
import { admin, instance, store } from './service/store.ts'
import { PRESET_NAMES } from './routes/presets/names.ts'
import { PROFILE_NAMES } from './reading/profiles.ts'
import { LOG_LEVELS } from './config.ts'

const ROUTE_CLASSES = ['open', 'device', 'always', 'renewal', 'legacy-oauth', 'denied'] as const

const HEX = '^(?:[0-9A-Fa-f]{2}:?){0,40}[0-9A-Fa-f]{1,2}$'
const trust = group('Which CAs are trusted to name devices.', {
  profile: choice(
    '`private` admits what private CAs get harmlessly wrong (no authority key identifier and the like), and notes it; `strict` refuses on any departure from RFC 5280.',
    ['private', 'strict'],
    'private',
  ),
  enrollmentSettings: listOf(
    'The CAs that devices get their certificates from. Exactly one is current.',
    group('One CA chain and where it stands.', {
      name: singleLine('What people call it, in logs and pages.', 'a name of one line'),
      source: choice(
        'Where certificates are issued: by the MDM server itself (`local`), over SCEP, or elsewhere. For people to read.',
        ['local', 'scep', 'other'],
        'local',
      ),
      standing: choice(
        '`staged`: known, admits no device yet. `current`: issues certificates to devices going forward. `previously-trusted`: retired; certificates issued before `retiredAt` still admit. `distrusted`: admits no device from now on. `removed`: not in use any more; a new store does not get it. Once there is a store, it owns the standing: of these words only the stricter ones hold against it.',
        ['staged', 'current', 'previously-trusted', 'distrusted', 'removed'],
      ),
      retiredAt: Type.Optional(
        pointInTime(
          'When the CA was retired. Certificates that it issues later are refused. Belongs to `previously-trusted`.',
        ),
      ),
      sunset: Type.Optional(
        pointInTime(
          'When a previously trusted CA stops admitting altogether. Left out: it goes on until you remove it.',
        ),
      ),
      chain: reference(
        'The CA certificate and any intermediates below it, in any order: PEM, DER or PKCS#7, as at an upload.',
      ),
      crl: Type.Optional(crl),
    }),
  ),
  limits: trustLimits,
  deny: defaultGroup(
    'Refused at once, wherever the certificate is presented, in `recording` too. By key, never by the fingerprint of a certificate: an ECDSA signature has an equally valid twin, and so has its fingerprint.',
    {
      keys: optionalListOf('Public keys.', keyFingerprint('One public key.')),
      serials: optionalListOf(
        'Single certificates of an issuer.',
        group('One certificate.', {
          issuerKey: keyFingerprint("The issuer's public key."),
          serial: patternText('The serial number.', HEX, {
            wanted: 'a serial number in hexadecimal, colons between octets or not',
            advice: 'take it from `tfe explain CERT.pem` or `openssl x509 -serial`, in quotes',
          }),
        }),
      ),
    },
  ),
})

const routes = group('A table of routes.', {
  preset: Type.Optional(
    choice(
      'Start from the rows of this preset. Rows below replace those with the same id.',
      PRESET_NAMES,
    ),
  ),
  upstream: Type.Optional(
    singleLine(
      'Where rows go that name no upstream. May be left out when there is only one upstream.',
      'the name of an upstream',
    ),
  ),
  access: Type.Optional(
    group(
      "From where the rows of a class may be reached: behind the front end, the server's own access lists see one address only. A class that is left out may be reached from everywhere.",
      {
        open: Type.Optional(networks('For rows of class `open`.')),
        device: Type.Optional(networks('For rows of class `device`.')),
        always: Type.Optional(networks('For rows of class `always`.')),
        renewal: Type.Optional(networks('For rows of class `renewal`.')),
        'legacy-oauth': Type.Optional(networks('For rows of class `legacy-oauth`.')),
      },
    ),
  ),
  rows: optionalListOf(
    'New rows, and changes to the rows of the preset.',
    group('One row.', {
      id: patternText(
        'The name of the row: that of a row of the preset to change it, or a new one.',
        '^[a-z][a-z0-9.-]{0,39}$',
        { wanted: 'a name of lower-case letters, digits, dots and dashes' },
      ),
      path: Type.Optional(
        patternText(
          '`/exact`, or `/prefix/*` for the prefix and everything below it. Plain characters only: a path that can be read in two ways is refused before routes are looked at.',
          '^/[^\\u0000-\\u001f]{0,2000}$',
          { wanted: 'a path such as /mdm/checkin, or /mdm/* for everything below /mdm' },
        ),
      ),
      methods: Type.Optional(
        listOf(
          'The methods that the row is for. Left out: all.',
          patternText('One method.', '^[A-Z][A-Z-]{0,19}$', {
            wanted: 'an HTTP method in capitals, such as POST',
          }),
        ),
      ),
      class: Type.Optional(
        choice(
          '`open`: no certificate needed (enrolment). `device`: follows `enforcement`. `always`: a certificate in every mode. `renewal`: as device, and an expired certificate still counts within `grace`. `legacy-oauth`: no certificate, throttled as `legacyOAuth` says. `denied`: refused always.',
          ROUTE_CLASSES,
        ),
      ),
      upstream: Type.Optional(singleLine('Where this row goes.', 'the name of an upstream')),
      match: Type.Optional(match),
      sensitive: Type.Optional(
        flag(
          'Only approved devices may use it, where the approval model asks for that. Makes no sense where no certificate is asked for.',
        ),
      ),
      endpoint: Type.Optional(
        choice(
          'Which endpoint it is that administrators enable and disable: `oauth`, the new OAuth endpoint, which is of class `always` and refused until `tfe oauth enable-new`. The legacy one is told by its class, and serves until it is disabled.',
          ['oauth'],
        ),
      ),
      reportedId: Type.Optional(
        patternText(
          'Where its clients give the id of their device: `query:NAME` or `field:NAME`. It is written down for people to read, and finds the entry of the inventory; it proves nothing.',
          "^(?:query|field):[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$",
          { wanted: 'query: or field: and a name, such as query:clientid' },
        ),
      ),
      allow: Type.Optional(
        networks(
          'From where the row may be reached, in place of what `access` says for its class. Left out: as `access` says.',
        ),
      ),
      enabled: Type.Optional(
        flag('Off: as if the row were not there. Left out: on, or as the preset has it.'),
      ),
    }),
  ),
})

/** The whole file. */
export const configSchema = group('The configuration of the Trusted Front End.', {
  profile: choice(
    'Which product the defaults follow: `epmm-11.5` (Ivanti EPMM 11.5 and later), `core-10` (MobileIron Core 10: not enforced from the start, renewal window 60 days) or `generic`.',
    PROFILE_NAMES,
    'epmm-11.5',
  ),
  instance: Type.Optional(instance),
  store: Type.Optional(store),
  admin: Type.Optional(admin),
  workers: Type.Unsafe<number | 'auto'>({
    type: ['integer', 'string'],
    description: 'Processes that share the ports; `auto` is one per core.',
    pattern: '^auto$',
    minimum: 1,
    maximum: 256,
    wanted: 'auto or a whole number from 1 to 256',
    advice: 'write auto or a number, without quotes',
    default: 'auto',
  }),
  enforcement: Type.Optional(
    choice(
      '`required` refuses devices without a fit certificate; `recording` writes down whom it would refuse, and admits them without a name. Left out: as the store has it, which began with required, or with recording under profile core-10. Once certificates have been required for good, `recording` here changes nothing.',
      ['recording', 'required'],
    ),
  ),
  grace: duration(
    'How long after its expiry a certificate still opens renewal routes, and nothing else. EPMM retires a device that stayed away longer than 30 days.',
    ['0s', '365d'],
    '30d',
  ),
  withoutGrace,
  renewalWindow: Type.Optional(
    duration(
      'How long before expiry a device is expected to renew. From then on it is `in-renewal-window` in events, in the identity field `timeliness` and in `tfe explain`; nothing is refused for it. Left out: 270d, or 60d with profile core-10, which are also the longest allowed there.',
      ['1d', '270d'],
    ),
  ),
  removeFields,
  watchFiles: offOrDuration(
    'How often it is looked whether a file that is named here by `file:` has changed: certificates, keys, keystores, passphrases, CA chains, trust stores, lists. One that has is taken over by a reload as SIGHUP makes it, but by this configuration as it is in force, not as its file says now. Written in place, moved over or swapped behind a link (certbot, Kubernetes) are all seen; one that is half written, or a key that waits for its chain, is refused, and read again at its next change. `off`: files are read at SIGHUP and `tfe reload` alone.',
    ['1s', '1d'],
    '60s',
  ),
  announce: duration(
    'How long the front end says after SIGTERM that it is about to end, before it closes its ports: `/readyz` answers 503, each answer ends its connection, and new connections are still served. Without it a balancer sends devices to a port that is closed. Three seconds are three checks of one a second, and enough for the nodes of a cluster to hear of a pod that ends; make it as long as what stands in front needs to notice, and 0s where nothing does. It comes before `drain`, and the supervisor has to allow for both.',
    ['0s', '10m'],
    '3s',
  ),
  drain: duration(
    'How long requests under way may take to finish once the ports are closed. Stay below, `announce` included, what the supervisor allows before it kills: 30 seconds in Kubernetes, 10 in `docker stop`.',
    ['0s', '10m'],
    '25s',
  ),
  trust,
  approval,
  fleet,
  listeners: namedMap('The ports that devices call, by name.', listener, 1),
  routes: Type.Optional(namedMap('Tables of routes, by name.', routes, 0)),
  upstreams: namedMap('The servers that we forward to, by name.', upstream, 1),
  legacyOAuth,
  refusals,
  metrics: defaultGroup('Where /metrics, /healthz and /readyz are served, without TLS.', {
    address: singleLine(
      'The address to bind; keep it away from devices.',
      'an IP address',
      '127.0.0.1',
    ),
    port: integer('The TCP port; 0 lets the system choose.', [0, 65_535], 9464),
    allow: Type.Optional(
      networks(
        'The networks that scrapers and probes call from; every other address gets 403. Left out: every address may call.',
      ),
    ),
  }),
  log: defaultGroup('What is written to standard output, one JSON object per line.', {
    level: choice('The least important thing worth a line.', LOG_LEVELS, 'info'),
    requests: flag('One line per request.', true),
    connections: flag('One line per connection.', true),
  }),
})

/** The file as the operator wrote it, defaults filled in. */
export type ConfigDocument = Static<typeof configSchema>
