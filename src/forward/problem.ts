// provisional
export const problemDocument = (status: number, reference: string): string =>
  JSON.stringify({ type: 'about:blank', status, reference })
