/** What is said of a connection that was closed to make room for another, whether its handshake was done or not. */
import type { Explanation } from '../kernel/explanation.ts'

/** The connection was one of those that are not vouched for, which together hold a share of a listener's. */
export const SHARE_USED_UP: Explanation = {
  sentence:
    'there was no room left for connections that no fit certificate vouches for, and this one, of the address that holds most of them, was closed to let another in',
  nextStep:
    "see what that address is doing; if it is honest, raise the listener's `limits.connections`, of which such connections get three quarters at most",
}
