/**
 * The encodings that hold start timestamps are read but never written, so their chunks are put together here, bit by
 * bit as docs/format/chunk.md has it.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BitWriter } from '../../../../src/core/encoding/bit-stream.ts';
import {
  CounterReset,
  isStale,
  readBits,
  SampleColumns,
  writeStale,
} from '../../../../src/core/model/index.ts';
import { writeLayout } from '../../../../src/core/tsdb/chunk/histogram-layout.ts';
import { HistogramSamples } from '../../../../src/core/tsdb/chunk/histogram-samples.ts';
import { decodeChunk, Encoding } from '../../../../src/core/tsdb/chunk/index.ts';
import { writeVarbitInt } from '../../../../src/core/tsdb/chunk/varbit.ts';
import { histogram } from './histograms.ts';

/** Writes the start timestamps behind each sample, and keeps the header byte that tells of them. */
class PlainStarts {
  header = 0;
  private last = 0;
  private difference = 0;

  write(w: BitWriter, i: number, t: number, previousT: number, st: number): void {
    const changesAt = this.header & 0x7f;
    if (i === 0) {
      if (st !== 0) {
        this.header = 0x80;
        w.writeVarint(t - st);
      }
    } else if (changesAt > 0) {
      writeVarbitInt(w, previousT - st - this.difference);
      this.difference = previousT - st;
    } else if (st !== this.last || i === 127) {
      this.header |= i;
      this.difference = previousT - st;
      writeVarbitInt(w, this.difference);
    }
    this.last = st;
  }
}

interface Row {
  t: number;
  v: number;
  stale: boolean;
  st: number;
}

const rows: fc.Arbitrary<Row[]> = fc
  .record({
    start: fc.integer({ min: 1e9, max: 2e12 }),
    withStarts: fc.constantFrom('never', 'always', 'later'),
    steps: fc.array(
      fc.record({
        step: fc.oneof(
          { weight: 4, arbitrary: fc.constant(15_000) },
          fc.integer({ min: 14_000, max: 16_000 }),
          fc.integer({ min: 1, max: 500_000 }),
          fc.integer({ min: 1, max: 2 ** 40 }),
        ),
        v: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(1, 2, 3) }, fc.double({ noNaN: true })),
        stale: fc.nat(9).map((n) => n === 0),
        restart: fc.nat(9).map((n) => n === 0),
      }),
      { minLength: 1, maxLength: 200 },
    ),
  })
  .map(({ start, withStarts, steps }) => {
    let t = start;
    let st = withStarts === 'always' ? start - 12_345 : 0;
    return steps.map(({ step, v, stale, restart }, i) => {
      if (i > 0) t += step;
      if (restart && (withStarts === 'always' || (withStarts === 'later' && i > 3))) st = t - 100;
      return { t, v, stale, st };
    });
  });

/** An XOR2 chunk. Never uses a window of bits again, or always where it can. */
function xor2(samples: readonly Row[], reuse: boolean): Uint8Array {
  const w = new BitWriter();
  w.writeBits(samples.length, 16);
  w.writeByte(0);
  const starts = new PlainStarts();
  const column = new Float64Array(1);
  const bits = new Uint32Array(2);
  let value = 0n;
  let window: [number, number] | null = null;
  let delta = 0;
  const wide = (v: bigint, count: number) => {
    for (let i = count - 1; i >= 0; i--) w.writeBit(Number((v >> BigInt(i)) & 1n));
  };
  const changed = (difference: bigint, reused: [number, number], fresh: [number, number]) => {
    const text = difference.toString(2).padStart(64, '0');
    const leading = Math.min(text.indexOf('1'), 31);
    const trailing = 63 - text.lastIndexOf('1');
    if (reuse && window !== null && leading >= window[0] && trailing >= window[1]) {
      w.writeBits(...reused);
    } else {
      window = [leading, trailing];
      w.writeBits(...fresh);
      w.writeBits(leading, 5);
      w.writeBits((64 - leading - trailing) & 63, 6);
    }
    wide(difference >> BigInt(window[1]), 64 - window[0] - window[1]);
  };
  samples.forEach(({ t, v, stale, st }, i) => {
    column[0] = v;
    if (stale) writeStale(column, 0);
    readBits(column, 0, bits);
    const now = (BigInt(bits[0]) << 32n) | BigInt(bits[1]);
    const previousT = i > 0 ? samples[i - 1].t : 0;
    const prefixed = () => {
      if (stale) w.writeBits(0b111, 3);
      else if (now === value) w.writeBit(0);
      else changed(now ^ value, [0b10, 2], [0b110, 3]);
    };
    if (i === 0) {
      w.writeVarint(t);
      wide(now, 64);
    } else if (i === 1) {
      delta = t - previousT;
      w.writeUvarint(delta);
      prefixed();
    } else {
      const dod = t - previousT - delta;
      delta = t - previousT;
      if (dod === 0) {
        if (stale) w.writeBits(0b11111, 5);
        else if (now === value) w.writeBit(0);
        else {
          w.writeBits(0b10, 2);
          changed(now ^ value, [0, 1], [1, 1]);
        }
      } else {
        if (dod >= -4096 && dod <= 4095) w.writeBits(0xc000 | (dod & 0x1fff), 16);
        else if (dod >= -524288 && dod <= 524287) w.writeBits(0xe00000 | (dod & 0xfffff), 24);
        else {
          w.writeBits(0b11110, 5);
          wide(BigInt.asUintN(64, BigInt(dod)), 64);
        }
        prefixed();
      }
    }
    if (!stale) value = now;
    starts.write(w, i, t, previousT, st);
  });
  const out = w.bytes().slice();
  out[2] = starts.header;
  return out;
}

function decoded(encoding: number, bytes: Uint8Array, mint?: number, maxt?: number): SampleColumns {
  const out = new SampleColumns();
  decodeChunk(encoding, bytes, 0, bytes.length, out, mint, maxt);
  return out;
}

const startsOf = (out: SampleColumns) => Array.from({ length: out.length }, (_, i) => out.st?.[i] ?? 0);

describe('XOR2 chunks', () => {
  test('decode to their samples and start timestamps', () => {
    fc.assert(
      fc.property(rows, fc.boolean(), (samples, reuse) => {
        const out = decoded(Encoding.xor2, xor2(samples, reuse));
        expect([...out.t.subarray(0, out.length)]).toEqual(samples.map((s) => s.t));
        samples.forEach(({ v, stale }, i) => {
          expect(isStale(out.v, i)).toBe(stale);
          if (!stale) expect(out.v[i]).toBe(v);
        });
        expect(startsOf(out)).toEqual(samples.map((s) => s.st));
      }),
    );
  });

  test('decode only the range asked for', () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.nat(), (samples, a, b) => {
        const mint = samples[a % samples.length].t;
        const maxt = samples[b % samples.length].t;
        const out = decoded(Encoding.xor2, xor2(samples, true), mint, maxt);
        const want = samples.filter((s) => s.t >= mint && s.t <= maxt);
        expect([...out.t.subarray(0, out.length)]).toEqual(want.map((s) => s.t));
        expect(startsOf(out)).toEqual(want.map((s) => s.st));
      }),
    );
  });
});

test('histogram chunks with start timestamps decode to both', () => {
  fc.assert(
    fc.property(rows, fc.boolean(), (samples, isFloat) => {
      const shape = {
        isFloat,
        counterReset: CounterReset.gauge,
        schema: 1,
        zeroThreshold: 0.5,
        zeroCount: 0,
        sum: 1,
        positive: { 1: 1, 4: 2 },
        negative: {},
        customValues: [],
      };
      const w = new BitWriter();
      for (let i = 0; i < 3; i++) w.writeByte(0);
      const first = histogram(shape);
      writeLayout(w, first);
      const state = new HistogramSamples(isFloat, first);
      const starts = new PlainStarts();
      samples.forEach(({ t, v, st }, i) => {
        state.write(w, t, histogram({ ...shape, sum: v }));
        starts.write(w, i, t, i > 0 ? samples[i - 1].t : 0, st);
      });
      const bytes = w.bytes().slice();
      // The gauge flag takes the top two bits of the count.
      bytes[0] = 0xc0 | (samples.length >>> 8);
      bytes[1] = samples.length;
      bytes[2] = starts.header;
      const out = decoded(isFloat ? Encoding.floatHistogramST : Encoding.histogramST, bytes);
      expect([...out.t.subarray(0, out.length)]).toEqual(samples.map((s) => s.t));
      expect(startsOf(out)).toEqual(samples.map((s) => s.st));
      expect(out.histograms!.map((h) => h!.sum)).toEqual(samples.map((s) => s.v));
      expect(out.histograms!.every((h) => h!.counterReset === CounterReset.gauge && !h!.stale)).toBe(true);
    }),
  );
});
