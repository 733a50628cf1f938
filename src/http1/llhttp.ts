/**
 * llhttp, the HTTP/1 parser of Node.js, in the WebAssembly build that undici ships: the one file that loads it.
 *
 * Every call to it stands here. No code of ours runs while it parses, but the callbacks below, which collect: the module has
 * one input and one message at a time, and is never entered while it parses.
 */
import { Buffer } from 'node:buffer'
import { createRequire } from 'node:module'

/** What a parser reads. */
export type MessageKind = 'request' | 'response'

/** What was collected of one message so far. */
export interface CollectedMessage {
  /** Request line: the target as it was sent. */
  target: string
  /** Status line: the reason phrase. */
  reason: string
  status: number
  /** Name, value, name, value …; after the head, those of the trailer section. */
  fields: string[]
  /** Octets of target, names and values; llhttp itself sets no limit. */
  octets: number
  /** The most that they may be. */
  limit: number
  /** The last piece was one of a name, so that more of it may come. */
  isInName: boolean
  /** The connection may carry another message behind this one (RFC 9112 §9.3). */
  keepAlive: boolean
  /** An upgrade is asked for, or a tunnel (CONNECT). */
  upgrade: boolean
  isHeadComplete: boolean
  isComplete: boolean
  /** What was found of the body, as parts of the input. */
  pieces: Buffer[]
}

/** How far an input was read. */
export interface Execution {
  /** Octets that were taken. */
  readonly taken: number
  /** llhttp's code of what is wrong: `undefined` where nothing is. */
  readonly fault: string | undefined
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  malloc(octets: number): number
  free(address: number): void
  llhttp_alloc(type: number): number
  llhttp_free(parser: number): void
  llhttp_reset(parser: number): void
  llhttp_resume(parser: number): void
  llhttp_execute(parser: number, address: number, octets: number): number
  llhttp_get_error_pos(parser: number): number
  llhttp_get_error_reason(parser: number): number
  llhttp_get_http_major(parser: number): number
  llhttp_get_http_minor(parser: number): number
  llhttp_get_method(parser: number): number
  llhttp_method_name(method: number): number
}

/** One llhttp parser; it belongs to one message at a time. */
export class Llhttp {
  readonly #parser: number

  constructor(kind: MessageKind) {
    this.#parser = wasm.llhttp_alloc(kind === 'request' ? REQUEST : RESPONSE)
  }

  /** Forgets the message before. */
  reset(): void {
    wasm.llhttp_reset(this.#parser)
  }

  /** Gives the memory back; the parser is not used any more. */
  free(): void {
    wasm.llhttp_free(this.#parser)
  }

  /** Reads octets into `into`, up to the end of the head and then up to the end of the message. */
  execute(octets: Buffer, into: CollectedMessage): Execution {
    // It would put its input over the one that is being read, and the rest of that would belong to another message.
    if (message !== NO_MESSAGE) throw new Error('llhttp is entered while it parses')
    place(octets)
    message = into
    let code: number
    try {
      code = wasm.llhttp_execute(this.#parser, address, octets.length)
    } finally {
      message = NO_MESSAGE
      input = NO_OCTETS
      inputText = undefined
    }
    if (code === OK) return { taken: octets.length, fault: undefined }
    const taken = wasm.llhttp_get_error_pos(this.#parser) - address
    if (code !== PAUSED) return { taken, fault: this.#reason() }
    wasm.llhttp_resume(this.#parser)
    return { taken, fault: undefined }
  }

  /** Such as `GET`; known once the head is. */
  get method(): string {
    return METHODS[wasm.llhttp_get_method(this.#parser)] ?? ''
  }

  /** Such as `1.1`. */
  get version(): string {
    const [major, minor] = [
      wasm.llhttp_get_http_major(this.#parser),
      wasm.llhttp_get_http_minor(this.#parser),
    ]
    if (major === 1) return minor === 1 ? '1.1' : '1.0'
    return `${major}.${minor}`
  }

  #reason(): string {
    return textAt(wasm.llhttp_get_error_reason(this.#parser))
  }
}

const [REQUEST, RESPONSE] = [1, 2]
const [OK, PAUSED, SKIP_BODY, USER_ERROR] = [0, 21, 1, -1]

const NO_OCTETS = Buffer.alloc(0)
const NO_MESSAGE: CollectedMessage = emptyMessage(0)

/** A message of which nothing was read; `limit` is in octets. */
export function emptyMessage(limit: number): CollectedMessage {
  return {
    target: '',
    reason: '',
    status: 0,
    fields: [],
    octets: 0,
    limit,
    isInName: false,
    keepAlive: false,
    upgrade: false,
    isHeadComplete: false,
    isComplete: false,
    pieces: [],
  }
}

/** What the callbacks collect into, and what is read: set for the time of one call. */
let message = NO_MESSAGE
let input: Buffer = NO_OCTETS
let inputText: string | undefined

/** Where inputs are put in the memory of llhttp; it grows with the longest. */
let address = 0
let capacity = 0
let memory = new Uint8Array(0)

function place(octets: Buffer): void {
  if (octets.length > capacity) {
    if (address !== 0) wasm.free(address)
    capacity = Math.ceil(octets.length / INPUT_STEP) * INPUT_STEP
    address = wasm.malloc(capacity)
    memory = new Uint8Array(wasm.memory.buffer, address, capacity)
  }
  // Memory that has grown has another buffer.
  if (memory.buffer !== wasm.memory.buffer)
    memory = new Uint8Array(wasm.memory.buffer, address, capacity)
  memory.set(octets)
  input = octets
}

/** What Node reads at once at most. */
const INPUT_STEP = 65_536

/**
 * Latin-1 keeps every octet as it is (RFC 9110 §5.5: obs-text is opaque data). A short input is made text once, and cut: that is
 * quicker, and a string that was cut keeps the whole text, which may be no longer than this.
 */
function text(at: number, length: number): string {
  const start = at - address
  if (input.length > MAX_CUT) return latin1(input, start, start + length)
  inputText ??= latin1(input, 0, input.length)
  return inputText.slice(start, start + length)
}

const MAX_CUT = 2048

/** What `toString('latin1')` comes down to, without looking the encoding up: it is done for every field. */
export function latin1(octets: Buffer, start: number, end: number): string {
  return (octets as Buffer & { latin1Slice(start: number, end: number): string }).latin1Slice(
    start,
    end,
  )
}

function counted(octets: number): number {
  message.octets += octets
  return message.octets > message.limit ? USER_ERROR : OK
}

/** Optional white space around a value is not part of it (RFC 9110 §5.5); llhttp skips it in front only. */
function trimmed(name: string, value: string): string {
  const last = value.charCodeAt(value.length - 1)
  if (last !== SPACE && last !== TAB) return value
  // With a tab behind it llhttp does not know a coding: without it, it would be taken for chunks that are not undone.
  return value.replace(isTransferEncoding(name, 0) ? / +$/ : /[ \t]+$/, '')
}

const [SPACE, TAB] = [0x20, 0x09]

function endOfValue(): void {
  const { fields } = message
  const last = fields.length - 1
  if (last < 0) return
  // A name whose value never began has an empty one.
  if (message.isInName) fields.push('')
  else fields[last] = trimmed(fields[last - 1] ?? '', fields[last] ?? '')
  message.isInName = false
}

const callbacks = {
  wasm_on_message_begin: () => OK,
  wasm_on_url(_: number, at: number, length: number): number {
    message.target += text(at, length)
    return counted(length)
  },
  wasm_on_status(_: number, at: number, length: number): number {
    message.reason += text(at, length)
    return counted(length)
  },
  wasm_on_header_field(_: number, at: number, length: number): number {
    const { fields } = message
    if (message.isInName) fields[fields.length - 1] += text(at, length)
    else {
      endOfValue()
      fields.push(text(at, length))
      message.isInName = true
    }
    return counted(length)
  },
  wasm_on_header_value(_: number, at: number, length: number): number {
    const { fields } = message
    if (message.isInName) {
      fields.push(text(at, length))
      message.isInName = false
    } else fields[fields.length - 1] += text(at, length)
    return counted(length)
  },
  wasm_on_headers_complete(_: number, status: number, upgrade: number, keepAlive: number): number {
    endOfValue()
    message.status = status
    message.upgrade = upgrade === 1
    message.keepAlive = keepAlive === 1
    message.isHeadComplete = true
    // The head is all that is wanted, except where only llhttp can tell where the body ends.
    return message.fields.some(isTransferEncoding) ? PAUSED : SKIP_BODY
  },
  wasm_on_body(_: number, at: number, length: number): number {
    message.pieces.push(input.subarray(at - address, at - address + length))
    return OK
  },
  wasm_on_message_complete(): number {
    endOfValue()
    message.isComplete = true
    return PAUSED
  },
}

const isTransferEncoding = (name: string, index: number): boolean =>
  index % 2 === 0 && name.length === 17 && name.toLowerCase() === 'transfer-encoding'

const wasm = load()
const METHODS: readonly string[] = Array.from({ length: 47 }, (_, method) =>
  textAt(wasm.llhttp_method_name(method)),
)

function load(): Exports {
  const bytes = createRequire(import.meta.url)('undici/lib/llhttp/llhttp_simd-wasm.js') as Buffer
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
    .WebAssembly
  return new Instance(new Module(bytes), { env: callbacks }).exports
}

/** Node's types do not have it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Buffer) => object
  readonly Instance: new (
    module: object,
    imports: { readonly env: typeof callbacks },
  ) => { readonly exports: Exports }
}

function textAt(start: number): string {
  if (start === 0) return ''
  const octets = Buffer.from(wasm.memory.buffer)
  return latin1(octets, start, octets.indexOf(0, start))
}
