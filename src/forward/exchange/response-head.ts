/** What the device may see of an upstream's answer. */
import type { ResponseMessage } from '../../http1/message.ts'
import type { ResponseStart } from '../../http1/device-exchange.ts'
import { responseFields } from '../../message/response-fields.ts'

/** Says how the answer to the device begins. */
export function responseStart(head: ResponseMessage, close: boolean): ResponseStart {
  const { status, reason, body } = head
  const fields = responseFields(head.fields)
  return {
    status,
    reason,
    fields: status === NO_CONTENT ? withoutLength(fields) : fields,
    length: typeof body === 'number' ? body : undefined,
    close,
  }
}

/** A 204 has no body and says no length (RFC 9110 §8.6); there are servers that say one all the same. */
const withoutLength = (fields: readonly string[]): readonly string[] =>
  fields.filter((_, index) => fields[index - (index % 2)]?.toLowerCase() !== 'content-length')

const NO_CONTENT = 204
