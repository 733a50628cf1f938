/**
 * The session cookie: for this host only, unreadable to scripts, never sent from another site.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'

/** The session id that a call shows, if any. */
export const sessionIdOf = (request: FastifyRequest): string | undefined =>
  request.cookies[isSecure(request) ? SECURE : INSECURE]

/** Gives the browser a session id. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, id: string): void {
  const secure = isSecure(request)
  reply.setCookie(secure ? SECURE : INSECURE, id, { ...ATTRIBUTES, secure })
}

/** Takes it away again. */
export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  const secure = isSecure(request)
  reply.clearCookie(secure ? SECURE : INSECURE, { ...ATTRIBUTES, secure })
}

const isSecure = (request: FastifyRequest): boolean => request.protocol === 'https'

/** The prefix makes browsers hold us to Secure, Path and host. In the clear (loopback only) they would drop it. */
const SECURE = '__Host-tfe'
const INSECURE = 'tfe-session'
const ATTRIBUTES = { httpOnly: true, sameSite: 'strict', path: '/' } as const
