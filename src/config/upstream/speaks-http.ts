import type { Config } from '../config.ts'

/** Whether requests go to an upstream, and not octets that a sync port relays as they are. */
export const speaksHttp = ({ listeners }: Pick<Config, 'listeners'>, name: string): boolean =>
  listeners.every(({ relay }) => relay?.upstream !== name)
