/**
 * Bits, highest of each byte first, as chunks hold them. Values of up to 32 bits travel as unsigned numbers; a
 * 64-bit value is two calls. The last byte is padded with zero bits.
 */

const INITIAL_BYTES = 64;

export class BitWriter {
  private buffer: Uint8Array;
  /** Bytes begun. */
  private used: number;
  /** Bits still free in the last byte begun. */
  private free: number;

  constructor(capacityBytes = INITIAL_BYTES) {
    this.buffer = new Uint8Array(Math.max(capacityBytes, 8));
    this.used = 0;
    this.free = 0;
  }

  /** Goes on after the first `bitLength` bits of `bytes`, which are copied. */
  static resume(bytes: Uint8Array, bitLength: number): BitWriter {
    const writer = new BitWriter(bytes.length * 2);
    const whole = (bitLength + 7) >>> 3;
    writer.buffer.set(bytes.subarray(0, whole));
    writer.used = whole;
    writer.free = whole * 8 - bitLength;
    // Bits beyond the end would be or-ed with what is written next.
    if (writer.free > 0) writer.buffer[whole - 1] &= 0xff << writer.free;
    return writer;
  }

  get bitLength(): number {
    return this.used * 8 - this.free;
  }

  get byteLength(): number {
    return this.used;
  }

  /** What was written so far: a view, valid until the next write. */
  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }

  clear(): void {
    this.used = 0;
    this.free = 0;
  }

  writeBit(bit: number): void {
    if (this.free === 0) this.begin();
    this.free--;
    if (bit !== 0) this.buffer[this.used - 1] |= 1 << this.free;
  }

  /** Writes the lowest `count` (0 to 32) bits of `value`, highest first. */
  writeBits(value: number, count: number): void {
    let left = count;
    while (left > 0) {
      if (this.free === 0) this.begin();
      const take = Math.min(left, this.free);
      const part = (value >>> (left - take)) & ((1 << take) - 1);
      this.free -= take;
      this.buffer[this.used - 1] |= part << this.free;
      left -= take;
    }
  }

  writeByte(byte: number): void {
    this.writeBits(byte, 8);
  }

  /** Each byte of a varint (varint.ts) in eight bits, wherever the stream stands. */
  writeUvarint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.writeBits((rest % 128) | 0x80, 8);
      rest = Math.floor(rest / 128);
    }
    this.writeBits(rest, 8);
  }

  /** As `writeUvarint`, zigzagged; any integer below 2^53 in magnitude. */
  writeVarint(value: number): void {
    const magnitude = value < 0 ? -value - 1 : value;
    const sign = value < 0 ? 1 : 0;
    if (magnitude < 64) {
      this.writeBits(magnitude * 2 + sign, 8);
      return;
    }
    this.writeBits((magnitude % 64) * 2 + sign + 0x80, 8);
    this.writeUvarint(Math.floor(magnitude / 64));
  }

  private begin(): void {
    if (this.used === this.buffer.length) {
      const grown = new Uint8Array(this.buffer.length * 2);
      grown.set(this.buffer);
      this.buffer = grown;
    }
    this.buffer[this.used++] = 0;
    this.free = 8;
  }
}

/**
 * Reads what BitWriter wrote. Reading beyond the end gives zero bits and makes `exhausted` true, so that a decoder
 * checks once at its end (or where it loops) instead of at every bit.
 */
export class BitReader {
  private readonly buffer: Uint8Array;
  /** In bits, from the start of the buffer. */
  private at: number;
  private readonly endBit: number;

  constructor(bytes: Uint8Array, startByte = 0, endByte: number = bytes.length) {
    this.buffer = bytes;
    this.at = startByte * 8;
    this.endBit = endByte * 8;
  }

  /** Position in bits from the start of the buffer. */
  get bitPosition(): number {
    return this.at;
  }

  /** Whether more was read than there is. */
  get exhausted(): boolean {
    return this.at > this.endBit;
  }

  readBit(): number {
    const at = this.at++;
    if (at >= this.endBit) return 0;
    return (this.buffer[at >>> 3] >>> (7 - (at & 7))) & 1;
  }

  /** The next `count` (0 to 32) bits as an unsigned number. */
  readBits(count: number): number {
    let value = 0;
    let left = count;
    while (left > 0) {
      const inByte = 8 - (this.at & 7);
      const take = Math.min(left, inByte);
      const byte = this.at < this.endBit ? this.buffer[this.at >>> 3] : 0;
      value = (value << take) | ((byte >>> (inByte - take)) & ((1 << take) - 1));
      this.at += take;
      left -= take;
    }
    return value >>> 0;
  }

  /** NaN if the value needs more than 64 bits; `exhausted` if the stream ends in it. */
  readUvarint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.readBits(8);
      if (i === 9 && byte > 1) return Number.NaN;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return Number.NaN;
  }

  /** As `readUvarint`, for a zigzagged value; exact for magnitudes below 2^53. */
  readVarint(): number {
    const first = this.readBits(8);
    const low = (first & 0x7f) >>> 1;
    // The sign is split off first, so that the magnitude alone has to fit a double.
    const magnitude = first < 0x80 ? low : low + this.readUvarint() * 64;
    return first & 1 ? -magnitude - 1 : magnitude;
  }
}
