/** Fields that are removed from every request, beside those that are known everywhere. */
import { isReserved, reservedBeginning } from '../../message/hop-by-hop.ts'
import { quoted } from '../reading/fault-text.ts'
import { type Maybe, type Place, readEach } from '../reading/place.ts'
import { optionalListOf, patternText } from '../reading/schema-types.ts'

export const removeFields = optionalListOf(
  'Fields that no device may send, beside those of docs/identity-fields.md: names, or families such as X-Corp-*. They are removed from every request, in every spelling.',
  patternText('One name or family.', "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$", {
    wanted: 'the name of an HTTP field, such as X-Corp-Badge, or a family, such as X-Corp-*',
  }),
)

/** Reads the names; one that HTTP itself uses, or a family that holds one, is a fault. */
export const readRemovedFields = (
  place: Place<readonly (string | undefined)[]>,
): Maybe<readonly string[]> =>
  readEach(place, (name, item) => {
    const isFamily = name.endsWith('*')
    const beginning = isFamily ? name.slice(0, -1) : name
    const [used] = isFamily ? reservedBeginning(beginning) : []
    if (used !== undefined) {
      const message = `found ${quoted(name)}, which ${used} belongs to, wanted names that HTTP itself does not use: write more of the beginning`
      return item.fault(message)
    }
    if (isReserved(name)) {
      const message = `found ${quoted(name)}, wanted a name that HTTP itself does not use: choose another`
      return item.fault(message)
    }
    return name
  })
