/** `1 device`, `2 devices`; `plural` where it is not the name with an s. */
export const countText = (count: number, name: string, plural = `${name}s`): string =>
  `${count} ${count === 1 ? name : plural}`
