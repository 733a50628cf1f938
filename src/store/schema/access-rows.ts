/** Rows about administrators and their credentials. */

export interface AdminsTable {
  name: string
  role: string
  password_hash: string | null
  certificate_key: string | null
  disabled: number
  version: number
  created_at: number
}

export interface TokensTable {
  id: string
  hash: string
  admin: string
  role: string
  label: string
  created_at: number
  expires_at: number
  last_used_at: number
}

export interface SessionsTable {
  hash: string
  admin: string
  created_at: number
  expires_at: number
  last_used_at: number
}
