/**
 * Sums over the cells of the charts; every chart adds up to the number of devices.
 */
import { CLIENT_CLASSES, type ClientClass } from '../../../fleet/client.ts'
import type { ReadinessCounts } from '../../../fleet/readiness.ts'
import type { ChartCell } from '../../../store/devices/charts.ts'

/** Counts the devices of the cells that meet a condition. */
export const devicesIn = (cells: readonly ChartCell[], is: (cell: ChartCell) => boolean): number =>
  cells.filter(is).reduce((sum, { devices }) => sum + devices, 0)

/** Counts the devices in each state of the readiness chart. */
export function readinessCounts(cells: readonly ChartCell[]): ReadinessCounts {
  const count = (state: ChartCell['authentication']): number =>
    devicesIn(cells, ({ authentication }) => authentication === state)
  return {
    succeeded: count('succeeded'),
    'no-info': count('no-info'),
    failed: count('failed'),
    'must-upgrade': count('must-upgrade'),
  }
}

/** Counts the devices of each class, and at last those whose class is none of these. */
export function devicesByClass(
  cells: readonly ChartCell[],
): readonly { class: ClientClass | null; devices: number }[] {
  const known: readonly (string | undefined)[] = CLIENT_CLASSES
  return [
    ...CLIENT_CLASSES.map((name) => ({
      class: name,
      devices: devicesIn(cells, (cell) => cell.class === name),
    })),
    { class: null, devices: devicesIn(cells, (cell) => !known.includes(cell.class)) },
  ]
}
