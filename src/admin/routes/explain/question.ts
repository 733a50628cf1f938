/** What is sent → the question that is put to the front end, or everything that is wrong with it. */
import type { Static } from 'typebox'
import { Type } from 'typebox'
import { addressOctets } from '../../../kernel/network.ts'
import { fail, ok, type Fault, type Result } from '../../../kernel/types.ts'
import type { Circumstances, Subject } from '../../../state/explain/question.ts'
import { NO_ENCODING, octetsOfText, presentedIn } from '../../../x509/file/certificate-file.ts'
import { placeText } from '../../../x509/file/read-file.ts'
import { strictObject, stringEnum, text, time } from '../../schemas.ts'
import { instantOf } from '../../times.ts'
import { referenceText } from '../refusals/reference-text.ts'

/** The methods that a row may list and a device may use. */
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const

/** Eleven certificates of the largest size that is judged, in PEM: no device shows more. */
const MAX_CERTIFICATES = 400_000
/** More than a connection reads (`identify/presented.ts`), so that one too many is still judged. */
const MAX_SHOWN = 16
/** A longer target is refused before any row is looked at. */
const MAX_TARGET = 8192

export const questionShape = strictObject({
  certificate: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_CERTIFICATES,
      description:
        'What the device presents: its certificate, then any intermediates; PEM, or the octets of DER or PKCS#7 in base64. In PKCS#7, which has no order, its certificate is the one that issued none of the others.',
    }),
  ),
  device: Type.Optional(text(200, 'The id of a device in this store.')),
  reference: Type.Optional(referenceText(4)),
  listener: Type.Optional(text(200, 'The listener that it calls; left out: the first.')),
  path: Type.Optional(text(MAX_TARGET, 'The path that it asks for; left out: every class of row.')),
  method: Type.Optional(stringEnum(METHODS, 'Of that request; left out: GET.')),
  host: Type.Optional(text(300, 'The Host of that request; left out: one that is served.')),
  user_agent: Type.Optional(text(1000, 'What the client says of itself.')),
  from: Type.Optional(
    text(60, 'The address it calls from; left out: one that every row is open to.'),
  ),
  at: Type.Optional(time('Judge as of this time; left out: now.')),
})

type Asked = Static<typeof questionShape>

/** About whom it is asked: certificates as sent, or a device by its id. */
export type AskedSubject =
  | Extract<Subject, { readonly kind: 'presented' }>
  | { readonly kind: 'device'; readonly id: string }
  | { readonly kind: 'reference'; readonly reference: string }

/** Reads what was sent. */
export function readQuestion(
  asked: Asked,
): Result<
  { readonly subject: AskedSubject; readonly circumstances: Circumstances },
  readonly Fault[]
> {
  const faults = circumstanceFaults(asked)
  const subject = subjectOf(asked)
  if (!subject.ok) return fail([...subject.failure, ...faults])
  if (faults.length > 0) return fail(faults)
  const { listener, path, method = 'GET', host, user_agent: userAgent, from, at } = asked
  return ok({
    subject: subject.value,
    circumstances: {
      listener,
      at: instantOf(at),
      request: path === undefined ? undefined : { method, target: path, host },
      userAgent,
      from,
    },
  })
}

function subjectOf({
  certificate,
  device,
  reference,
}: Asked): Result<AskedSubject, readonly Fault[]> {
  const found = [certificate, device, reference].filter((one) => one !== undefined).length
  if (found !== 1) {
    const message = `found ${found} of certificate, device and reference, wanted one of them: send what is to be explained`
    return fail([{ at: 'certificate', message }])
  }
  if (device !== undefined) return ok({ kind: 'device', id: device })
  if (reference !== undefined) return ok({ kind: 'reference', reference })
  return presentedAs(certificate ?? '')
}

function presentedAs(certificate: string): Result<AskedSubject, readonly Fault[]> {
  const octets = octetsOfText(certificate)
  if (octets === undefined) {
    const message = `found text that ${NO_ENCODING.replace(':', ', wanted one of them:')}`
    return fail([{ at: 'certificate', message }])
  }
  const ders = presentedIn(octets)
  if (!ders.ok) {
    return fail(
      ders.failure.map(({ place, message }) => ({
        at: placeText(place) || 'certificate',
        message,
      })),
    )
  }
  const found = ders.value.length
  if (found > MAX_SHOWN) {
    const message = `found ${found} certificates, wanted ${MAX_SHOWN} at most: send what the device shows, and not a bundle of CAs`
    return fail([{ at: 'certificate', message }])
  }
  const [leaf, ...others] = ders.value
  if (leaf !== undefined) return ok({ kind: 'presented', ders: [leaf, ...others] })
  const message =
    'found no certificate, wanted that of the device: send it in PEM, or DER in base64'
  return fail([{ at: 'certificate', message }])
}

function circumstanceFaults({
  path,
  method,
  host,
  from,
  listener,
  reference,
  user_agent,
}: Asked): readonly Fault[] {
  const faults: Fault[] = []
  if (reference !== undefined) {
    // What was asked then is asked now.
    for (const [at, value] of Object.entries({ path, host, from, listener, user_agent })) {
      if (value === undefined) continue
      const message = `found ${at} beside a reference, wanted the request that it is of: leave it out`
      faults.push({ at, message })
    }
  }
  if (path?.startsWith('/') === false) {
    faults.push({
      at: 'path',
      message: `found ${JSON.stringify(path.slice(0, 80))}, wanted a path: begin it with /`,
    })
  }
  for (const [at, value] of Object.entries({ method, host })) {
    if (value === undefined || path !== undefined) continue
    const message = `found ${at} without path, wanted the path that it belongs to: send both, or neither`
    faults.push({ at, message })
  }
  if (from !== undefined && addressOctets(from) === undefined) {
    const message = `found ${JSON.stringify(from)}, wanted an address such as 192.0.2.7 or 2001:db8::7: send one without port and mask`
    faults.push({ at: 'from', message })
  }
  return faults
}
