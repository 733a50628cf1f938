/** The files that are made of kept figures; a picture only of figures that are there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CurveFigures } from './curve-figures.ts'
import { curvesPictureText } from './curves-picture.ts'
import type { Figures } from './figures.ts'
import { performanceText } from './page.ts'
import { pictureText } from './picture.ts'

/** Reads the figures below `root`; gives every file to be made, by its path from there. */
export function performanceFiles(root: string): ReadonlyMap<string, () => string> {
  const comparison = kept(join(root, 'docs/performance.json')) as Figures | undefined
  const curves = kept(join(root, 'docs/performance-curves.json')) as CurveFigures | undefined
  const files = new Map([['docs/performance.md', () => performanceText({ comparison, curves })]])
  if (comparison !== undefined) files.set('docs/performance.svg', () => pictureText(comparison))
  if (curves !== undefined) {
    files.set('docs/performance-curves.svg', () => curvesPictureText(curves))
  }
  return files
}

const kept = (file: string): unknown =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
