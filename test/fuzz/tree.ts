/**
 * An encoding as a tree that can be cut, grafted and written out again with lengths that add up, so that a mutation
 * deep inside reaches the reader of that depth instead of failing at the first length. Shares no line with the
 * reader under test.
 */

export interface Node {
  readonly tag: number
  /** What stands before the children in a BIT STRING that holds an encoding; else nothing. */
  readonly prefix: Buffer
  readonly body: Buffer | readonly Node[]
  /** Nodes from here down, this one included. */
  readonly count: number
}

export const EMPTY = Buffer.alloc(0)

/** A node; `body` is its octets or what it holds. */
export function nodeOf(tag: number, body: Buffer | readonly Node[], prefix: Buffer = EMPTY): Node {
  const count = Buffer.isBuffer(body) ? 1 : body.reduce((sum, one) => sum + one.count, 1)
  return { tag, prefix, body, count }
}

/** The tree of octets that are known to be well formed; strings that hold an encoding are opened, too. */
export function treeOf(octets: Buffer): Node {
  const [root, ...others] = siblings(octets, DEEPEST) ?? []
  if (root === undefined || others.length > 0) throw new Error('a seed is one well-formed element')
  return root
}

/** A certificate has a dozen levels; what a mutant has below these stays octets. */
const DEEPEST = 32

function siblings(octets: Buffer, levels: number): Node[] | undefined {
  if (levels === 0) return undefined
  const nodes: Node[] = []
  for (let at = 0; at < octets.length;) {
    const tag = octets[at] ?? 0
    const first = octets[at + 1]
    if (first === undefined || (tag & 0x1f) === 0x1f) return undefined
    const extra = first < 0x80 ? 0 : first & 0x7f
    const inside = at + 2 + extra
    if (extra > 3 || first === 0x80 || inside > octets.length) return undefined
    const length = extra === 0 ? first : octets.readUIntBE(at + 2, extra)
    if (inside + length > octets.length) return undefined
    nodes.push(opened(tag, octets.subarray(inside, inside + length), levels - 1))
    at = inside + length
  }
  return nodes
}

function opened(tag: number, content: Buffer, levels: number): Node {
  if ((tag & 0x20) !== 0) return nodeOf(tag, siblings(content, levels) ?? content)
  const skip = tag === BIT_STRING && content[0] === 0 ? 1 : 0
  const holds = content[skip] === SEQUENCE || (tag === OCTET_STRING && content.length > 1)
  const inside = holds ? siblings(content.subarray(skip), levels) : undefined
  if ((tag !== OCTET_STRING && skip === 0) || inside?.length !== 1) return nodeOf(tag, content)
  return nodeOf(tag, inside, content.subarray(0, skip))
}

const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const SEQUENCE = 0x30

/** Writes a tree from its end to its beginning, so that every length is known when it is written. */
export function encode(root: Node): Buffer {
  let buffer = Buffer.allocUnsafe(root.count * 16 + 4096)
  let at = buffer.length
  const make = (octets: number): void => {
    if (at >= octets) return
    const larger = Buffer.allocUnsafe(buffer.length * 2 + octets)
    const start = larger.length - (buffer.length - at)
    buffer.copy(larger, start, at)
    buffer = larger
    at = start
  }
  const put = (octets: Buffer): void => {
    make(octets.length)
    at -= octets.length
    octets.copy(buffer, at)
  }
  const write = ({ tag, prefix, body }: Node): void => {
    const end = buffer.length - at
    if (Buffer.isBuffer(body)) put(body)
    else for (let index = body.length - 1; index >= 0; index -= 1) write(body[index] ?? root)
    if (prefix.length > 0) put(prefix)
    const length = buffer.length - at - end
    make(8)
    const extra = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 3
    if (extra > 0) buffer.writeUIntBE(length, (at -= extra), extra)
    buffer[(at -= 1)] = extra === 0 ? length : 0x80 | extra
    buffer[(at -= 1)] = tag
  }
  write(root)
  return buffer.subarray(at)
}

/** The node that is so far from the root in the order of the encoding. */
export function nth(root: Node, index: number): Node {
  let node = root
  let left = index
  while (left > 0 && !Buffer.isBuffer(node.body)) {
    left -= 1
    let next = node
    for (const child of node.body) {
      next = child
      if (left < child.count) break
      left -= child.count
    }
    node = next
  }
  return node
}

/** The tree with one node replaced by others; the root stays what it is. */
export function replaced(root: Node, index: number, by: (node: Node) => readonly Node[]): Node {
  if (index === 0 || Buffer.isBuffer(root.body)) return root
  let left = index - 1
  let found = false
  const children = root.body.flatMap((child) => {
    if (found) return [child]
    if (left >= child.count) {
      left -= child.count
      return [child]
    }
    found = true
    return left === 0 ? by(child) : [replaced(child, left, by)]
  })
  return nodeOf(root.tag, children, root.prefix)
}
