/** What the end of a command says to scripts; `tfe --help` lists them. */
export const EXIT = {
  ok: 0,
  /** The answer is no: faults in a configuration, a certificate refused, a file that cannot be read. */
  no: 1,
  /** Unknown commands and options, missing arguments. */
  usage: 2,
  /** A port is taken, an address is not ours, the TLS runtime failed its self-test, the admin API does not answer. */
  cannotStart: 3,
  /** Something we did not foresee; EX_SOFTWARE of sysexits.h. */
  bug: 70,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
