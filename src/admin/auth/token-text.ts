/**
 * Tokens and session ids: 256 random bits each, known to the store by their hash only.
 */
import { hash, randomBytes } from 'node:crypto'

/** A fresh API token; the prefix lets scanners find one that leaked. */
export const newToken = (): string => `${TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`

/** A fresh session id. */
export const newSessionId = (): string => randomBytes(32).toString('base64url')

/** What the store knows it by: SHA-256, lower-case hexadecimal. Random bits need no salt. */
export const hashOf = (secret: string): string => hash('sha256', secret)

/** Whether a text could be one of ours at all. */
export const isToken = (text: string): boolean => TOKEN.test(text)
export const isSessionId = (text: string): boolean => SESSION.test(text)

const TOKEN_PREFIX = 'tfe_'
const TOKEN = /^tfe_[A-Za-z0-9_-]{43}$/u
const SESSION = /^[A-Za-z0-9_-]{43}$/u
