import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteTable } from '../../../src/core/exposition/byte-table.ts';

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function addNew(table: ByteTable, bytes: Uint8Array): number {
  const view = viewOf(bytes);
  const known = table.find(view, 0, bytes.length);
  return known >= 0 ? known : table.add(view, 0, bytes.length);
}

describe('ByteTable', () => {
  it('numbers byte strings like a Map of their contents', () => {
    const keys = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 400 });
    fc.assert(
      fc.property(keys, (all) => {
        const table = new ByteTable();
        const model = new Map<string, number>();
        for (const key of all) {
          const hex = Buffer.from(key).toString('hex');
          if (!model.has(hex)) model.set(hex, model.size);
          expect(addNew(table, key)).toBe(model.get(hex));
        }
        expect(table.size).toBe(model.size);
        for (const [hex, number] of model) {
          // Found again within other bytes, at any alignment.
          const key = Buffer.from(hex, 'hex');
          const around = Buffer.concat([Buffer.from('abc'), key, Buffer.from('defg')]);
          expect(table.find(viewOf(around), 3, 3 + key.length)).toBe(number);
        }
      }),
    );
  });

  it('does not search long when keys are chosen to collide', () => {
    // Flips in one word that cancel against flips in the next: unkeyed, all these have one hash.
    const pairs = 12;
    const count = 4000;
    const table = new ByteTable();
    let reads = 0;
    const views = Array.from({ length: count }, (_, i) => {
      const view = new DataView(new ArrayBuffer(pairs * 8));
      const read = view.getInt32.bind(view);
      view.getInt32 = (at, littleEndian) => {
        reads++;
        return read(at, littleEndian);
      };
      for (let pair = 0; pair < pairs; pair++) {
        if (((i >> pair) & 1) === 0) continue;
        view.setUint32(pair * 8, 0x80000000, true);
        view.setUint32(pair * 8 + 4, 0x80010000, true);
      }
      return view;
    });
    for (const view of views) {
      expect(table.find(view, 0, pairs * 8)).toBe(-1);
      table.add(view, 0, pairs * 8);
    }
    // Searching all that collide would read each key thousands of times.
    expect(reads / count).toBeLessThan(500);
    for (let i = 0; i < count; i += 97) expect(table.find(views[i], 0, pairs * 8)).toBe(i);
  });
});
