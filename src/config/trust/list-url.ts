/** The URL of a revocation list, wherever a person writes one. */

/** Says what is wrong with a URL, as the end of a sentence that begins with what was found; nothing for one that is fit. */
export function wrongListUrl(url: string): string | undefined {
  const parsed = URL.parse(url)
  if (parsed === null) return 'wanted a URL with a host: correct it'
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    return 'wanted a URL that begins with http:// or https://: correct it'
  }
  // It is logged and counted by; whatever else it holds, it must not hold a password.
  if (parsed.username !== '' || parsed.password !== '') {
    return 'wanted a URL without a name and password: lists are public, publish this one without'
  }
  return parsed.hash === '' ? undefined : 'wanted a URL without a fragment (#): remove it'
}
