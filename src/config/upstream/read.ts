/** An upstream as the operator wrote it, made ready to call. */
import type { Danger, LoadedFile } from '../config.ts'
import type { HostPolicy, Upstream, UpstreamLimits, UpstreamTls } from './types.ts'
import { SETTINGS, type Setting } from '../../upstream-tls/verification.ts'
import { parseHost } from '../reading/host.ts'
import { readHealth } from './health.ts'
import { readIdentitySettings } from './identity.ts'
import { bare, readServers } from './servers.ts'
import { readSelection } from './selection.ts'
import { readSni } from './sni.ts'
import { millis, octets, readIdentity } from '../reading/tls.ts'
import {
  content,
  type Desk,
  every,
  fault,
  type Maybe,
  missing,
  placeOf,
  present,
  warn,
  whole,
} from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import type { Draft } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'
import { unverifiedUpstream } from './dangers.ts'

type Written = Draft<Document['upstreams'][string]>
type WrittenTls = Draft<Document['upstreams'][string]['tls']>

/** Reads one upstream; what it gives up is added to `dangers`. */
export function readUpstream(
  desk: Desk,
  name: string,
  { written, dangers }: { written: Written; dangers: Danger[] },
): Maybe<Upstream> {
  const path = ['upstreams', name]
  const servers = readServers(desk, path, written)
  const protocol = servers === missing ? missing : servers[0].protocol
  const plain = protocol === 'http:'
  if (plain) checkPlaintext(desk, path, { written, dangers })
  else if (written.dangerousPlaintext === true && protocol !== missing) {
    const message =
      'found dangerousPlaintext on an https: upstream, where it has no effect: remove it'
    warn(desk, [...path, 'dangerousPlaintext'], message)
  }
  return whole<Upstream>({
    at: placeOf(desk, path),
    name,
    protocol,
    servers: servers === missing ? missing : bare(servers),
    balance: present(written.balance),
    attempts: present(written.attempts),
    health: readHealth(desk, [...path, 'health'], { written: written.health ?? {}, plain }),
    host: readHostPolicy(desk, [...path, 'host'], written.host),
    tls: plain
      ? undefined
      : readTls(desk, [...path, 'tls'], { written: written.tls ?? {}, dangers }),
    identity:
      written.identity === undefined
        ? undefined
        : readIdentitySettings(desk, [...path, 'identity'], written.identity),
    limits: readLimits(written.limits ?? {}),
  })
}

function checkPlaintext(
  desk: Desk,
  path: Path,
  { written, dangers }: { written: Written; dangers: Danger[] },
): void {
  if (written.dangerousPlaintext !== true) {
    const message =
      'found http:, wanted https: (devices and their identities would travel in the clear): use https:, or sign with dangerousPlaintext: true'
    const where = written.url === undefined ? ['servers', 0, 'url'] : ['url']
    fault(desk, [...path, ...where], message)
    return
  }
  if (desk.text.has([...path, 'tls'])) {
    const message =
      'found settings for TLS on an http: upstream, where they have no effect: remove them'
    warn(desk, [...path, 'tls'], message)
  }
  const place = [...path, 'dangerousPlaintext']
  const sentence = `upstream ${path.at(-1)} is called without TLS: anybody on the way reads and changes what passes, identities included`
  dangers.push({ kind: 'plaintext-upstream', at: placeOf(desk, place), sentence })
  warn(desk, place, sentence)
}

function readHostPolicy(desk: Desk, path: Path, written: string | undefined): Maybe<HostPolicy> {
  if (written === undefined) return missing
  if (written === 'preserve' || written === 'upstream') return { kind: written }
  const host = parseHost(written)
  return host.ok ? { kind: 'name', name: host.value } : fault(desk, path, host.failure)
}

interface TlsInput {
  readonly written: WrittenTls
  readonly dangers: Danger[]
}

function readTls(desk: Desk, path: Path, { written, dangers }: TlsInput): Maybe<UpstreamTls> {
  const preset = written.preset
  if (preset === undefined) return missing
  const ours = TLS_PRESETS[preset]
  const strict = written.strict ?? ours.strict
  checkStrict(desk, path, { written, strict, dangers })
  const chosen = readSelection(desk, path, { written, preset, dangers })
  return whole<UpstreamTls>({
    preset,
    strict,
    allowUntrusted: written.dangerousUnverified ?? false,
    stated: SETTINGS.filter((one) => desk.text.has([...path, ...STATED_BY[one]])),
    sni: readSni(desk, [...path, 'sni'], written.sni ?? ours.sni),
    hostname: readHostname(desk, [...path, 'hostname'], written.hostname),
    pins: every(written.pins, (pin) => pin),
    trust: readTrust(desk, [...path, 'trust'], { written: written.trust ?? {}, strict }),
    mode: chosen === missing ? missing : chosen.mode,
    selection: chosen === missing ? missing : chosen.selection,
    clientCertificate:
      written.clientCertificate === undefined
        ? undefined
        : readIdentity(desk, [...path, 'clientCertificate'], written.clientCertificate),
  })
}

/** The key that states each setting of the page. */
const STATED_BY: Readonly<Record<Setting, Path>> = {
  strict: ['strict'],
  allowUntrusted: ['dangerousUnverified'],
  defaultStore: ['trust', 'default'],
  customStore: ['trust', 'custom'],
  sni: ['sni'],
}

/** What each preset stands for (decision 3, S3-04, S3-10); protocols and suites stand in the catalogue. */
const TLS_PRESETS = {
  secure: { strict: true, sni: 'on' },
  'sentry-compat': { strict: false, sni: 'off' },
} as const

function checkStrict(
  desk: Desk,
  path: Path,
  { written, strict, dangers }: { written: WrittenTls; strict: boolean; dangers: Danger[] },
): void {
  const signed = written.dangerousUnverified === true
  if (strict && signed) {
    const message = 'found dangerousUnverified beside strict TLS, where it has no effect: remove it'
    warn(desk, [...path, 'dangerousUnverified'], message)
  }
  if (strict) return
  if ((written.pins ?? []).length > 0) {
    const message =
      'found pins without strict TLS, where they refuse nothing: another key is logged, and the server used'
    warn(desk, [...path, 'pins'], message)
  }
  const name = String(path[1])
  if (!signed) {
    const where = written.strict === false ? 'strict' : 'preset'
    const message =
      'found strict TLS off, wanted it on (anybody could pose as the upstream): write strict: true, or sign with dangerousUnverified: true'
    fault(desk, [...path, where], message)
    return
  }
  const place = [...path, 'dangerousUnverified']
  const danger = unverifiedUpstream(name, placeOf(desk, place))
  dangers.push(danger)
  warn(desk, place, danger.sentence)
}

function readHostname(
  desk: Desk,
  path: Path,
  written: string | undefined,
): Maybe<string | undefined> {
  if (written === undefined) return undefined
  const host = parseHost(written)
  return host.ok ? host.value : fault(desk, path, host.failure)
}

function readTrust(
  desk: Desk,
  path: Path,
  { written, strict }: { written: Draft<WrittenTls['trust']>; strict: boolean },
): Maybe<UpstreamTls['trust']> {
  if (strict && written?.default === 'off' && written.custom?.length === 0) {
    const message =
      'found strict TLS with an empty trust store, wanted somebody to vouch for the upstream: name the CA in custom, or choose a default store'
    fault(desk, path, message, 'key')
  }
  return whole<UpstreamTls['trust']>({
    default: present(written?.default),
    custom: every(written?.custom, (reference: string, index): Maybe<LoadedFile> =>
      content(desk, [...path, 'custom', index], reference),
    ),
  })
}

const readLimits = (written: Draft<Document['upstreams'][string]['limits']>) =>
  whole<UpstreamLimits>({
    connections: present(written.connections),
    connect: millis(written.connect),
    responseHeaders: millis(written.responseHeaders),
    responseHeaderBytes: octets(written.responseHeaderBytes),
    bodyIdle: millis(written.bodyIdle),
    idle: millis(written.idle),
  })
