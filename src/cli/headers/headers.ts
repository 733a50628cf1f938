/**
 * `tfe headers`: the field lines in which an upstream would read a certificate.
 */
import { countText } from '../../kernel/count-text.ts'
import type { Vouched } from '../../decide/decide.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import { fieldText, identityFields } from '../../message/encode/encode.ts'
import type { IdentityFormat, IdentitySettings } from '../../message/encode/settings.ts'
import { judge } from '../../trust/judge.ts'
import type { SoundPath } from '../../trust/validate.ts'
import { parseCertificate, type Certificate } from '../../x509/certificate.ts'
import { readCertificates } from '../certificate-file.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { FORMATS } from './formats.ts'
import { printAnswer, printFaultAnswer } from '../answer.ts'
import { loadCompiled } from '../load-configuration.ts'
import { twoColumns, unknownNameText } from '../text-layout.ts'
import type { CommandEnvironment, Options } from '../command-environment.ts'
import type { TrustStore } from '../../trust/store.ts'

/** Prints the lines; a string says what was wrong with the question. */
export async function headers(
  file: string | undefined,
  options: Options,
  environment: CommandEnvironment,
): Promise<ExitCode | string> {
  const { terminal } = environment
  const form = { terminal, json: options.has('json') }
  if (options.has('list')) {
    const lines = twoColumns(FORMATS.map(({ name, readers }) => [name, readers]))
    printAnswer({ document: { formats: FORMATS }, lines }, form)
    return EXIT.ok
  }
  if (file === undefined) return 'tfe headers needs CERT.pem, or --list'
  const format = FORMATS.find(({ name }) => name === options.get('format'))
  if (format === undefined && !options.has('config')) {
    return `tfe headers needs --format FORMAT, or --config FILE to take it from: ${FORMATS.map(({ name }) => name).join(', ')}`
  }
  const certificates = parseChain(file)
  if (!certificates.ok) return printFaultAnswer([certificates.failure], form)
  const encoding = await readEncoding(options, format?.name, environment)
  if (!encoding.ok) return encoding.failure
  const { settings, trust } = encoding.value
  const fields = identityFields(
    vouchedIdentity(certificates.value, { options, trust, environment }),
    settings,
  )
  const pairs = fields.flatMap((name, at) =>
    at % 2 === 0 ? [{ name, value: fieldText(fields[at + 1] ?? '') }] : [],
  )
  // What holds a control character is no field value: the encoders have escaped it.
  const lines = pairs.map(({ name, value }) => `${name}: ${value}`)
  printAnswer({ document: { format: settings.format, fields: pairs }, lines }, form)
  if (format !== undefined) terminal.err(`read by: ${format.readers}\n`)
  return EXIT.ok
}

type Chain = readonly [Certificate, ...Certificate[]]

function parseChain(file: string): Result<Chain, Fault> {
  const read = readCertificates(file)
  if (!read.ok) return read
  const chain: Certificate[] = []
  for (const der of read.value) {
    const certificate = parseCertificate(der)
    if (certificate.ok) chain.push(certificate.value)
    else {
      const { failure } = certificate
      const why =
        failure.kind === 'certificate-malformed'
          ? failure.detail
          : countText(failure.bytes, 'octet')
      return fail({ at: file, message: `certificate ${chain.length + 1} cannot be read: ${why}` })
    }
  }
  const [leaf, ...others] = chain
  return leaf === undefined ? fail({ at: file, message: 'no certificate' }) : ok([leaf, ...others])
}

/** How to write, and the trust store that paths are built from where there is one. */
interface EncodingInput {
  readonly settings: IdentitySettings
  readonly trust: TrustStore | undefined
}

async function readEncoding(
  options: Options,
  format: IdentityFormat | undefined,
  { terminal, env }: CommandEnvironment,
): Promise<Result<EncodingInput, ExitCode | string>> {
  const chain = options.has('chain')
  const file = options.get('config')
  if (file === undefined) {
    if (options.has('upstream')) return fail('found --upstream without --config, which names it')
    return ok({
      settings: { ...DEFAULT_IDENTITY, format: format ?? 'rfc9440', chain },
      trust: undefined,
    })
  }
  const loaded = await loadCompiled(file, env)
  if (!loaded.ok)
    return fail(printFaultAnswer(loaded.failure, { terminal, json: options.has('json') }))
  const { upstreams } = loaded.value.compiled.config
  const wanted = options.get('upstream')
  const upstream =
    wanted === undefined
      ? upstreams.find(({ identity }) => identity !== undefined)
      : upstreams.find(({ name }) => name === wanted)
  if (upstream?.identity === undefined) return fail(noIdentity(wanted, upstreams))
  const { identity } = upstream
  const settings = {
    ...identity,
    format: format ?? identity.format,
    chain: chain || identity.chain,
  }
  return ok({ settings, trust: loaded.value.compiled.trust })
}

function noIdentity(
  wanted: string | undefined,
  upstreams: readonly { readonly name: string }[],
): string {
  const names = upstreams.map(({ name }) => name)
  if (wanted === undefined)
    return 'no upstream of this configuration is told anything about devices'
  if (names.includes(wanted)) return `the upstream '${wanted}' is told nothing about devices`
  return unknownNameText(`there is no upstream '${wanted}'`, wanted, names)
}

/** The defaults of the configuration, where there is none. */
const DEFAULT_IDENTITY: Omit<IdentitySettings, 'format' | 'chain'> = {
  fields: {},
  serial: 'hex-upper',
  name: 'format',
  fingerprint: { digest: 'sha256', form: 'hex' },
  grace: true,
  maxBytes: 64 * 1024,
}

function vouchedIdentity(
  [leaf, ...intermediates]: Chain,
  {
    options,
    trust,
    environment,
  }: {
    readonly options: Options
    readonly trust: TrustStore | undefined
    readonly environment: CommandEnvironment
  },
): Vouched | undefined {
  const verify = options.get('verify') ?? 'success'
  if (verify === 'none') return undefined
  const timeliness = verify === 'in-grace' ? 'in-grace' : 'valid'
  const found = trust === undefined ? undefined : judge({ leaf, intermediates }, trust, 'client')
  if (found?.ok === true) return { path: found.value[0], timeliness }
  if (found !== undefined) {
    environment.terminal.err(
      `note: this configuration would refuse the certificate (${found.failure.kind}); shown as if it did not\n`,
    )
  }
  return { path: unverifiedPath([leaf, ...intermediates]), timeliness }
}

/**
 * A path that was not found sound. Only here, where it is printed and admits no device, may one be made without the
 * judge; what was presented stands in for it.
 */
function unverifiedPath(certificates: Chain): SoundPath {
  const last = certificates.at(-1) ?? certificates[0]
  const anchor = { certificate: last, setting: 'none', selfSigned: false, faults: [] }
  return { certificates, anchor } as unknown as SoundPath
}
