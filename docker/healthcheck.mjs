// Asks the front end whether it is alive; exit status 0 says yes. The image has no curl.
import process from 'node:process'

const url = process.env.TFE_HEALTH_URL ?? 'http://127.0.0.1:9464/healthz'

try {
  // Below the image's own limit of 5 s, so that the reason is printed rather than cut off.
  const answer = await fetch(url, { signal: AbortSignal.timeout(4000) })
  if (!answer.ok) console.error(`${url} answered ${answer.status}`)
  process.exitCode = answer.ok ? 0 : 1
} catch (error) {
  console.error(`${url} does not answer: ${error.cause?.message ?? error.message}`)
  process.exitCode = 1
}
