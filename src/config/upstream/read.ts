/** An upstream as the operator wrote it, made ready to call. */
import type { LoadedFile } from '../../handshake/server-identity.ts'
import type { UpstreamLimits } from '../../forward/settings.ts'
import type { HostPolicy, Upstream, UpstreamTls } from './types.ts'
import { VERIFICATION_SETTINGS, type VerificationSetting } from '../../upstream-tls/verification.ts'
import { parseHost } from '../reading/host.ts'
import { readHealth } from './health.ts'
import { readIdentitySettings } from './identity.ts'
import { withoutSchemes, readServers } from './servers.ts'
import { readSelection } from './selection.ts'
import { readSni } from './sni.ts'
import { millis, octets, readIdentity } from '../reading/tls.ts'
import {
  readContent,
  type ReadContext,
  readEach,
  fault,
  type Maybe,
  missing,
  locationOf,
  orMissing,
  warn,
  allOrMissing,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { Path } from '../reading/yaml-text.ts'
import { unverifiedUpstream } from './dangers.ts'
import type { Danger } from '../reading/danger.ts'
import type { DeepPartial } from '../reading/deep-partial.ts'

type Written = DeepPartial<ConfigDocument['upstreams'][string]>
type WrittenTls = DeepPartial<ConfigDocument['upstreams'][string]['tls']>

/** Reads one upstream; what it gives up is added to `dangers`. */
export function readUpstream(
  context: ReadContext,
  name: string,
  { written, dangers }: { written: Written; dangers: Danger[] },
): Maybe<Upstream> {
  const path = ['upstreams', name]
  const servers = readServers(context, path, written)
  const protocol = servers === missing ? missing : servers[0].protocol
  const plain = protocol === 'http:'
  if (plain) checkPlaintext(context, path, { written, dangers })
  else if (written.dangerousPlaintext === true && protocol !== missing) {
    const message =
      'found dangerousPlaintext on an https: upstream, where it has no effect: remove it'
    warn(context, [...path, 'dangerousPlaintext'], message)
  }
  return allOrMissing<Upstream>({
    at: locationOf(context, path),
    name,
    protocol,
    servers: servers === missing ? missing : withoutSchemes(servers),
    balance: orMissing(written.balance),
    attempts: orMissing(written.attempts),
    health: readHealth(context, [...path, 'health'], { written: written.health ?? {}, plain }),
    host: readHostPolicy(context, [...path, 'host'], written.host),
    tls: plain
      ? undefined
      : readTls(context, [...path, 'tls'], { written: written.tls ?? {}, dangers }),
    identity:
      written.identity === undefined
        ? undefined
        : readIdentitySettings(context, [...path, 'identity'], written.identity),
    limits: readLimits(written.limits ?? {}),
  })
}

function checkPlaintext(
  context: ReadContext,
  path: Path,
  { written, dangers }: { written: Written; dangers: Danger[] },
): void {
  if (written.dangerousPlaintext !== true) {
    const message =
      'found http:, wanted https: (devices and their identities would travel in the clear): use https:, or sign with dangerousPlaintext: true'
    const where = written.url === undefined ? ['servers', 0, 'url'] : ['url']
    fault(context, [...path, ...where], message)
    return
  }
  if (context.text.has([...path, 'tls'])) {
    const message =
      'found settings for TLS on an http: upstream, where they have no effect: remove them'
    warn(context, [...path, 'tls'], message)
  }
  const place = [...path, 'dangerousPlaintext']
  const sentence = `upstream ${path.at(-1)} is called without TLS: anybody on the way reads and changes what passes, identities included`
  dangers.push({ kind: 'plaintext-upstream', at: locationOf(context, place), sentence })
  warn(context, place, sentence)
}

function readHostPolicy(
  context: ReadContext,
  path: Path,
  written: string | undefined,
): Maybe<HostPolicy> {
  if (written === undefined) return missing
  if (written === 'preserve' || written === 'upstream') return { kind: written }
  const host = parseHost(written)
  return host.ok ? { kind: 'name', name: host.value } : fault(context, path, host.failure)
}

interface TlsInput {
  readonly written: WrittenTls
  readonly dangers: Danger[]
}

function readTls(
  context: ReadContext,
  path: Path,
  { written, dangers }: TlsInput,
): Maybe<UpstreamTls> {
  const preset = written.preset
  if (preset === undefined) return missing
  const defaults = TLS_PRESET_DEFAULTS[preset]
  const strict = written.strict ?? defaults.strict
  checkStrict(context, path, { written, strict, dangers })
  const chosen = readSelection(context, path, { written, preset, dangers })
  return allOrMissing<UpstreamTls>({
    preset,
    strict,
    allowUntrusted: written.dangerousUnverified ?? false,
    stated: VERIFICATION_SETTINGS.filter((one) =>
      context.text.has([...path, ...SETTING_PATHS[one]]),
    ),
    sni: readSni(context, [...path, 'sni'], written.sni ?? defaults.sni),
    hostname: readHostname(context, [...path, 'hostname'], written.hostname),
    pins: readEach(written.pins, (pin) => pin),
    trust: readTrust(context, [...path, 'trust'], { written: written.trust ?? {}, strict }),
    mode: chosen === missing ? missing : chosen.mode,
    selection: chosen === missing ? missing : chosen.selection,
    clientCertificate:
      written.clientCertificate === undefined
        ? undefined
        : readIdentity(context, [...path, 'clientCertificate'], written.clientCertificate),
  })
}

/** The key of the file that states each setting of the upstream TLS settings. */
const SETTING_PATHS: Readonly<Record<VerificationSetting, Path>> = {
  strict: ['strict'],
  allowUntrusted: ['dangerousUnverified'],
  defaultStore: ['trust', 'default'],
  customStore: ['trust', 'custom'],
  sni: ['sni'],
}

/** What each preset stands for (decision 3, S3-04, S3-10); protocols and suites stand in the catalogue. */
const TLS_PRESET_DEFAULTS = {
  secure: { strict: true, sni: 'on' },
  'sentry-compat': { strict: false, sni: 'off' },
} as const

function checkStrict(
  context: ReadContext,
  path: Path,
  { written, strict, dangers }: { written: WrittenTls; strict: boolean; dangers: Danger[] },
): void {
  const signed = written.dangerousUnverified === true
  if (strict && signed) {
    const message = 'found dangerousUnverified beside strict TLS, where it has no effect: remove it'
    warn(context, [...path, 'dangerousUnverified'], message)
  }
  if (strict) return
  if ((written.pins ?? []).length > 0) {
    const message =
      'found pins without strict TLS, where they refuse nothing: another key is logged, and the server used'
    warn(context, [...path, 'pins'], message)
  }
  const name = String(path[1])
  if (!signed) {
    const where = written.strict === false ? 'strict' : 'preset'
    const message =
      'found strict TLS off, wanted it on (anybody could pose as the upstream): write strict: true, or sign with dangerousUnverified: true'
    fault(context, [...path, where], message)
    return
  }
  const place = [...path, 'dangerousUnverified']
  const danger = unverifiedUpstream(name, locationOf(context, place))
  dangers.push(danger)
  warn(context, place, danger.sentence)
}

function readHostname(
  context: ReadContext,
  path: Path,
  written: string | undefined,
): Maybe<string | undefined> {
  if (written === undefined) return undefined
  const host = parseHost(written)
  return host.ok ? host.value : fault(context, path, host.failure)
}

function readTrust(
  context: ReadContext,
  path: Path,
  { written, strict }: { written: DeepPartial<WrittenTls['trust']>; strict: boolean },
): Maybe<UpstreamTls['trust']> {
  if (strict && written?.default === 'off' && written.custom?.length === 0) {
    const message =
      'found strict TLS with an empty trust store, wanted a CA that vouches for the upstream: name the CA in custom, or choose a default store'
    fault(context, path, message, 'key')
  }
  return allOrMissing<UpstreamTls['trust']>({
    default: orMissing(written?.default),
    custom: readEach(written?.custom, (reference: string, index): Maybe<LoadedFile> =>
      readContent(context, [...path, 'custom', index], reference),
    ),
  })
}

const readLimits = (written: DeepPartial<ConfigDocument['upstreams'][string]['limits']>) =>
  allOrMissing<UpstreamLimits>({
    connections: orMissing(written.connections),
    connect: millis(written.connect),
    responseHeaders: millis(written.responseHeaders),
    responseHeaderBytes: octets(written.responseHeaderBytes),
    bodyIdle: millis(written.bodyIdle),
    idle: millis(written.idle),
  })
