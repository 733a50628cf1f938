/** What the pictures of measurements share. */

/** Maps values onto a line of pixels, logarithmically; what lies outside ends at its edge. */
export function scaleLog(
  [from, to]: readonly [from: number, to: number],
  [start, end]: readonly [start: number, end: number],
): (value: number) => number {
  const range = Math.log(to / from)
  return (value) => {
    const part = range === 0 ? 0 : Math.log(value / from) / range
    return Math.round((start + Math.min(1, Math.max(0, part)) * (end - start)) * 10) / 10
  }
}

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** 0.5, 8, 1,000, 1 M: short enough for below an axis. */
export const tickText = (tick: number): string =>
  tick >= 1e6 ? `${tick / 1e6} M` : tick.toLocaleString('en')
