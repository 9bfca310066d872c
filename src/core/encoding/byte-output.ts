/**
 * A byte buffer to write into: it grows to what lies between two `take`s and is then reused, so that writing
 * allocates nothing.
 */
const INITIAL_SIZE = 1 << 16;

export class ByteOutput {
  bytes: Uint8Array<ArrayBuffer>;
  /** Bytes in use. */
  length = 0;

  constructor(size: number = INITIAL_SIZE) {
    this.bytes = new Uint8Array(size);
  }

  /** What was written since the last call. The bytes stay as they are until the next write. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }

  /** Makes room for `n` more bytes; whoever calls it may write them at `length` and move that on. */
  reserve(n: number): void {
    const wanted = this.length + n;
    if (wanted <= this.bytes.length) return;
    let size = Math.max(this.bytes.length * 2, 16);
    while (size < wanted) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(b: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = b;
  }

  copy(from: Uint8Array, start = 0, end: number = from.length): void {
    this.reserve(end - start);
    this.bytes.set(start === 0 && end === from.length ? from : from.subarray(start, end), this.length);
    this.length += end - start;
  }

  /** Any text as UTF-8; a lone surrogate becomes U+FFFD. */
  utf8(text: string): void {
    const n = text.length;
    this.reserve(n);
    const bytes = this.bytes;
    let at = this.length;
    for (let i = 0; i < n; i++) {
      const c = text.charCodeAt(i);
      if (c >= 0x80) {
        this.encode(text);
        return;
      }
      bytes[at++] = c;
    }
    this.length = at;
  }

  private encode(text: string): void {
    this.reserve(text.length * 3);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }
}

const encoder = new TextEncoder();
