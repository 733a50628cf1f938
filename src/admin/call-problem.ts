/**
 * What is wrong with a call that no route has answered, in our sentences: those of the HTTP library name its own parts,
 * and may quote a body that holds a password.
 */
import type { FastifyError, FastifyRequest } from 'fastify'
import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Log } from '../kernel/ports.ts'
import { adminProblem, type AdminProblem } from './problem.ts'
import { wrongText } from './refused.ts'
import { faultsOf } from './validation.ts'

/** CA chains are the largest thing that is uploaded, inventories aside, which come in parts. */
export const BODY_OCTETS = 1024 * 1024

/** Returns whatever was thrown as a problem document; a bug is logged and tells nothing. */
export function callProblem(error: FastifyError, request: FastifyRequest, log: Log): AdminProblem {
  if (error.validation !== undefined) return dataProblem(error)
  if ('type' in error && 'next_step' in error) return error as unknown as AdminProblem
  const { statusCode: status = 500, code } = error
  if (status >= 500) {
    log.error({ err: error, path: request.routeOptions.url }, 'internal error in an admin API call')
    return adminProblem({
      status: 500,
      code: 'internal-error',
      detail: 'the call met a fault of the program',
      nextStep: 'look in the log, and report what it says',
    })
  }
  const [detail, nextStep] = SENTENCES.get(code) ?? NO_JSON
  return adminProblem({
    status,
    code: status === 413 ? 'body-too-large' : status === 415 ? 'media-type' : 'call-malformed',
    detail,
    nextStep,
  })
}

function dataProblem({ validation, validationContext }: FastifyError): AdminProblem {
  const part = PARTS.get(validationContext ?? '') ?? 'call'
  // The validator is ours, and so are its errors.
  const faults = faultsOf((validation ?? []) as readonly ErrorObject[], part)
  return adminProblem({
    status: part === 'body' ? 422 : 400,
    code: 'data-faulty',
    detail: wrongText(faults, `the ${part}`),
    nextStep: `correct ${faults.length === 1 ? 'it' : 'each of the faults'}, and call again`,
    faults,
  })
}

/** The parts of a call by the library's names for them. */
const PARTS: ReadonlyMap<string, string> = new Map([
  ['body', 'body'],
  ['querystring', 'query'],
  ['params', 'path'],
  ['headers', 'headers'],
])

const DESCRIBED = 'send what `/api/openapi.json` describes'

/** What was found and wanted, and what to do, by the library's code. */
const SENTENCES: ReadonlyMap<string, readonly [string, string]> = new Map([
  [
    'FST_ERR_CTP_BODY_TOO_LARGE',
    [
      `found a body of more than ${BODY_OCTETS} octets, wanted at most that many`,
      'send it in parts',
    ],
  ],
  [
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    [
      'found a body of another type, wanted JSON',
      'send JSON, and say so: Content-Type: application/json',
    ],
  ],
  [
    'FST_ERR_CTP_EMPTY_JSON_BODY',
    [
      'found Content-Type: application/json without a body, wanted a body in JSON',
      'send a body, or leave that field out',
    ],
  ],
  [
    'FST_ERR_CTP_INVALID_CONTENT_LENGTH',
    [
      'found a body of another length than Content-Length, wanted the same',
      'count octets, not characters',
    ],
  ],
  [
    'FST_ERR_BAD_URL',
    [
      'found a path with a % that begins no octet, wanted two hexadecimal digits after it',
      'write a % of a name as %25',
    ],
  ],
  [
    'FST_ERR_MAX_PARAM_LENGTH',
    ['found a name of more than 300 characters in the path, wanted a shorter one', DESCRIBED],
  ],
])
const NO_JSON = ['found a body that cannot be read as JSON, wanted JSON', DESCRIBED] as const
