/** References as calls take them. */
import { patternText } from '../../schemas.ts'

/** A reference or its beginning: hexadecimal digits, and the number of the request. */
export const referenceText = (least: number) =>
  patternText(`^[0-9a-f]{${least},16}(?:-[0-9]{0,10})?$`, {
    wanted: `a reference such as 4f1d09c2a7b3e856-3, or its first ${least} characters at least`,
    advice: 'copy it from what the device shows',
  })
