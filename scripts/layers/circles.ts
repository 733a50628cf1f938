/**
 * Circles in a directed graph: of files that import each other, or of folders whose files do.
 */

/** What each node leads to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Finds every circle: each is a strongly connected component of two or more nodes, sorted by name (Tarjan 1972).
 * A node that leads to itself alone is none.
 */
export function circlesOf(graph: Graph): readonly (readonly string[])[] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const isOpen = new Set<string>()
  const found: string[][] = []
  const visit = (node: string): number => {
    const own = order.size
    let low = own
    order.set(node, own)
    open.push(node)
    isOpen.add(node)
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next))
      else if (isOpen.has(next)) low = Math.min(low, lowest.get(next) ?? order.get(next) ?? own)
    }
    lowest.set(node, low)
    if (low !== own) return low
    const circle = open.splice(open.lastIndexOf(node))
    for (const member of circle) isOpen.delete(member)
    if (circle.length > 1) found.push(circle.toSorted())
    return low
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return found
}
