/** An upstream as the operator wrote it, made ready to call. */
import type { UpstreamLimits } from '../../forward/settings.ts'
import type { HostPolicy, Upstream, UpstreamTls } from './types.ts'
import { VERIFICATION_SETTINGS, type VerificationSetting } from '../../upstream-tls/verification.ts'
import { readHost, readSni } from '../reading/host.ts'
import { readHealth } from './health.ts'
import { readIdentitySettings } from './identity.ts'
import { withoutSchemes, readServers } from './servers.ts'
import { readSelection } from './selection.ts'
import { readContent } from '../reading/content.ts'
import { readIdentity } from '../reading/tls.ts'
import {
  allOrMissing,
  type DeepPartial,
  type Maybe,
  missing,
  type Place,
  readEach,
} from '../reading/place.ts'
import type { ConfigDocument } from '../schema.ts'
import { allowAndLogDropped, explainAllowAndLogDropped } from '../../upstream-tls/allow-and-log.ts'
import {
  untrustedServersAllowed,
  unverifiedUpstream,
  type ToldUpstream,
} from '../reading/danger.ts'

type UpstreamPlace = Place<DeepPartial<ConfigDocument['upstreams'][string]>>
type TlsPlace = Place<DeepPartial<ConfigDocument['upstreams'][string]['tls']>>

/** Reads one upstream; what it gives up is added to the dangers. `isRelayedTo`: a PROXY header tells it of the devices. */
export function readUpstream(
  place: UpstreamPlace,
  { name, isRelayedTo }: { readonly name: string; readonly isRelayedTo: boolean },
): Maybe<Upstream> {
  const isTold = isRelayedTo || place.at('identity').isStated
  const servers = readServers(place)
  const protocol = servers === missing ? missing : servers[0].protocol
  const plain = protocol === 'http:'
  const dangerous = place.at('dangerousPlaintext')
  if (plain) checkPlaintext(place, name)
  else if (dangerous.written === true && protocol !== missing) {
    dangerous.warn(
      'found dangerousPlaintext on an https: upstream, where it has no effect: remove it',
    )
  }
  return allOrMissing<Upstream>({
    at: place.location,
    name,
    protocol,
    servers: servers === missing ? missing : withoutSchemes(servers),
    balance: place.required('balance'),
    attempts: place.required('attempts'),
    health: readHealth(place.at('health'), plain),
    host: readHostPolicy(place.at('host')),
    forwarding: place.required('forwarding'),
    tls: plain ? undefined : readTls(place.at('tls'), { name, isTold }),
    identity: place.at('identity').optional(readIdentitySettings),
    limits: readLimits(place.at('limits')),
  })
}

function checkPlaintext(place: UpstreamPlace, name: string): void {
  const { dangerousPlaintext, url } = place.written ?? {}
  if (dangerousPlaintext !== true) {
    const where = url === undefined ? place.at('servers').at(0).at('url') : place.at('url')
    where.fault(
      'found http:, wanted https: (devices and their identities would travel in the clear): use https:, or sign with dangerousPlaintext: true',
    )
    return
  }
  const tls = place.at('tls')
  if (tls.isStated) {
    tls.warn('found settings for TLS on an http: upstream, where they have no effect: remove them')
  }
  const sentence = `upstream ${name} is called without TLS: anybody on the way reads and changes what passes, identities included`
  place.at('dangerousPlaintext').warnOfDanger({ kind: 'plaintext-upstream', sentence })
}

function readHostPolicy(place: Place<string>): Maybe<HostPolicy> {
  const { written } = place
  if (written === 'preserve' || written === 'upstream') return { kind: written }
  const name = readHost(place)
  return name === missing ? missing : { kind: 'name', name }
}

function readTls(place: TlsPlace, upstream: ToldUpstream): Maybe<UpstreamTls> {
  const { name } = upstream
  const { preset, dangerousAllowAndLog, sni, strict: own } = place.written ?? {}
  if (preset === undefined) return missing
  const defaults = TLS_PRESET_DEFAULTS[preset]
  const strict = own ?? defaults.strict
  if (strict) warnOfStrict(place, name)
  else checkUnverified(place, upstream)
  const chosen = readSelection(place, { name, preset })
  return allOrMissing<UpstreamTls>({
    preset,
    strict,
    allowAndLog: dangerousAllowAndLog ?? false,
    formerAllowAndLog: !strict && hasFormerMark(place),
    stated: VERIFICATION_SETTINGS.filter((one) => SETTING_PLACES[one](place).isStated),
    places: {
      strict: SETTING_PLACES.strict(place).location,
      allowAndLog: SETTING_PLACES.allowAndLog(place).location,
      defaultStore: SETTING_PLACES.defaultStore(place).location,
      customStore: SETTING_PLACES.customStore(place).location,
      sni: SETTING_PLACES.sni(place).location,
    },
    sni: readSni(place.at('sni').as(sni ?? defaults.sni)),
    hostname: place.at('hostname').optional(readHost),
    pins: readEach(place.at('pins'), (pin) => pin),
    trust: readTrust(place.at('trust'), strict),
    mode: chosen === missing ? missing : chosen.mode,
    selection: chosen === missing ? missing : chosen.selection,
    clientCertificate: place.at('clientCertificate').optional(readIdentity),
  })
}

/** The key of the file that states each setting of the upstream TLS settings. */
const SETTING_PLACES: Readonly<Record<VerificationSetting, (tls: TlsPlace) => Place<unknown>>> = {
  strict: (tls) => tls.at('strict'),
  allowAndLog: (tls) => tls.at('dangerousAllowAndLog'),
  defaultStore: (tls) => tls.at('trust').at('default'),
  customStore: (tls) => tls.at('trust').at('custom'),
  sni: (tls) => tls.at('sni'),
}

/** What each preset stands for (decision 3, S3-04, S3-10); protocols and suites stand in the catalogue. */
const TLS_PRESET_DEFAULTS = {
  secure: { strict: true, sni: 'on' },
  'sentry-compat': { strict: false, sni: 'off' },
} as const

function warnOfStrict(place: TlsPlace, name: string): void {
  const { dangerousAllowAndLog, dangerousStrictOff, dangerousUnverified } = place.written ?? {}
  if (dangerousAllowAndLog === true) {
    place.at('dangerousAllowAndLog').warnOfDanger(untrustedServersAllowed(name))
  }
  if (dangerousStrictOff === true) {
    const message = 'found dangerousStrictOff beside strict TLS, where it has no effect: remove it'
    place.at('dangerousStrictOff').warn(message)
  }
  if (dangerousUnverified === true) {
    const message =
      'found dangerousUnverified beside strict TLS, where it has no effect and does not allow untrusted servers: remove it'
    place.at('dangerousUnverified').warn(message)
  }
}

/** Whether Allow and Log alone, as it was, marks that strict TLS is off (decision 33). */
const hasFormerMark = (place: TlsPlace): boolean =>
  place.written?.dangerousUnverified === true && place.written.dangerousStrictOff !== true

/** Strict TLS that is off has a mark of its own; Allow and Log belongs under strict TLS (decision 33). */
function checkUnverified(place: TlsPlace, upstream: ToldUpstream): void {
  const {
    pins = [],
    strict,
    dangerousAllowAndLog,
    dangerousStrictOff,
    dangerousUnverified,
  } = place.written ?? {}
  if (pins.length > 0) {
    const message =
      'found pins without strict TLS, where they refuse nothing: another key is logged, and the server used'
    place.at('pins').warn(message)
  }
  if (dangerousAllowAndLog === true) {
    const message =
      'found dangerousAllowAndLog without strict TLS, whose option it is, wanted one of the two: remove it, or turn strict TLS on'
    place.at('dangerousAllowAndLog').fault(message)
  }
  if (dangerousUnverified === true && dangerousStrictOff === true) {
    const message =
      'found dangerousUnverified beside dangerousStrictOff, which says the same: remove it'
    place.at('dangerousUnverified').warn(message)
  }
  if (hasFormerMark(place)) {
    const [dropped] = allowAndLogDropped([{ upstream: upstream.name, file: true, stored: [] }])
    if (dropped !== undefined) {
      const { sentence, nextStep } = explainAllowAndLogDropped(dropped)
      place.at('dangerousUnverified').warn(`${sentence}: ${nextStep}`)
    }
  }
  if (dangerousStrictOff !== true && dangerousUnverified !== true) {
    const message =
      'found strict TLS off, wanted it on (anybody could pose as the upstream): write strict: true, or mark it with dangerousStrictOff: true'
    place.at(strict === false ? 'strict' : 'preset').fault(message)
    return
  }
  const mark = dangerousStrictOff === true ? 'dangerousStrictOff' : 'dangerousUnverified'
  place.at(mark).warnOfDanger(unverifiedUpstream(upstream))
}

function readTrust(
  place: Place<NonNullable<DeepPartial<ConfigDocument['upstreams'][string]['tls']>['trust']>>,
  strict: boolean,
): Maybe<UpstreamTls['trust']> {
  if (strict && place.written?.default === 'off' && place.written.custom?.length === 0) {
    const message =
      'found strict TLS with an empty trust store, wanted a CA that vouches for the upstream: name the CA in custom, or choose a default store'
    place.fault(message, 'key')
  }
  return allOrMissing<UpstreamTls['trust']>({
    default: place.required('default'),
    custom: readEach(place.at('custom'), (_, reference) => readContent(reference)),
  })
}

const readLimits = (
  place: Place<DeepPartial<ConfigDocument['upstreams'][string]['limits']>>,
): Maybe<UpstreamLimits> =>
  allOrMissing<UpstreamLimits>({
    connections: place.required('connections'),
    connect: place.millis('connect'),
    responseHeaders: place.millis('responseHeaders'),
    responseHeaderBytes: place.octets('responseHeaderBytes'),
    bodyIdle: place.millis('bodyIdle'),
    idle: place.millis('idle'),
  })
