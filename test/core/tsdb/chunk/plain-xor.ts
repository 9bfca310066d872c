/** The XOR chunk layout read field by field with BigInt: slow, obvious, and what the fast decoder must agree with. */
import { BitReader } from '../../../../src/core/encoding/bit-stream.ts';

export interface PlainSample {
  t: number;
  /** IEEE 754 bits. */
  bits: bigint;
}

export function plainDecodeXor(bytes: Uint8Array): PlainSample[] {
  const r = new BitReader(bytes);
  const n = r.readBits(16);
  const out: PlainSample[] = [];
  let t = 0;
  let delta = 0;
  let value = 0n;
  let leading = 0;
  let trailing = 0;
  const wide = (count: number): bigint => {
    let v = 0n;
    for (let i = 0; i < count; i++) v = (v << 1n) | BigInt(r.readBit());
    return v;
  };
  for (let i = 0; i < n; i++) {
    if (i === 0) {
      t = r.readVarint();
      value = wide(64);
    } else {
      if (i === 1) delta = r.readUvarint();
      else {
        let prefix = 0;
        while (prefix < 4 && r.readBit() === 1) prefix++;
        const width = [0, 14, 17, 20, 64][prefix];
        if (width === 64) delta += Number(BigInt.asIntN(64, wide(64)));
        else if (width > 0) {
          const raw = Number(wide(width));
          delta += raw > 2 ** (width - 1) ? raw - 2 ** width : raw;
        }
      }
      t += delta;
      if (r.readBit() === 1) {
        if (r.readBit() === 1) {
          leading = r.readBits(5);
          const width = r.readBits(6) || 64;
          trailing = 64 - leading - width;
        }
        value ^= wide(64 - leading - trailing) << BigInt(trailing);
      }
    }
    out.push({ t, bits: value });
  }
  if (r.exhausted) throw new Error('bits end early');
  return out;
}
