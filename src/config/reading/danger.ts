/** A guarantee that the operator gave up explicitly. */
export interface Danger {
  readonly kind:
    | 'no-store'
    | 'plaintext-upstream'
    | 'unverified-upstream'
    | 'weak-device-certificates'
    | 'weak-upstream-protocol'
  readonly at: string
  readonly sentence: string
}
