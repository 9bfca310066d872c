import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batch } from '../../../src/core/exposition/batch.ts';
import { SeriesTable } from '../../../src/core/exposition/series-table.ts';
import { TextParser } from '../../../src/core/exposition/text-parser.ts';
import { hashText, labelsFromObject } from '../../../src/core/model/labels.ts';

/** One more block of FNV-1a, as hashText has it. */
function fnv(state: number, text: string): number {
  let h = state;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

const series = (name: string, labels: Record<string, string> = {}) =>
  labelsFromObject({ __name__: name, ...labels });

describe('SeriesTable', () => {
  it('numbers label sets in order of appearance', () => {
    const table = new SeriesTable();
    expect(table.intern(series('a'))).toBe(0);
    expect(table.intern(series('a', { x: '1' }))).toBe(1);
    expect(table.intern(series('a'))).toBe(0);
    expect(table.find(series('a', { x: '1' }))).toBe(1);
    expect(table.find(series('a', { x: '2' }))).toBe(-1);
    expect(table.size).toBe(2);
    expect(table.labels[1].toString()).toBe('a{x="1"}');
  });

  it('finds the family of a series by name and suffix, declared before it or after', () => {
    const table = new SeriesTable();
    const early = table.intern(series('h_bucket', { le: '1' }));
    const foreign = table.intern(series('h_total'));
    expect(table.familyOf[early]).toBe(-1);
    const h = table.declare('h', { help: 'Help.' });
    expect(table.familyOf[early]).toBe(-1);
    expect(table.declare('h', { type: 'histogram' })).toBe(h);
    expect(table.families[h]).toEqual({ name: 'h', type: 'histogram', help: 'Help.', unit: '' });
    expect(table.familyOf[early]).toBe(h);
    expect(table.familyOf[foreign]).toBe(-1);
    expect(table.familyOf[table.intern(series('h_sum'))]).toBe(h);
    expect(table.findFamily('h')).toBe(h);
    expect(table.findFamily('h_sum')).toBe(-1);
    expect(table.familyOfSample('h_count')).toBe(h);
  });

  it('replaces a family whose metadata changes, and only then', () => {
    const table = new SeriesTable();
    const index = table.declare('a', { type: 'gauge', help: 'x' });
    const before = table.families[index];
    table.declare('a', { type: 'gauge' });
    expect(table.families[index]).toBe(before);
    table.declare('a', { help: 'y' });
    expect(table.families[index]).not.toBe(before);
    expect(before.help).toBe('x');
    expect(table.families).toHaveLength(1);
  });

  it('evicts what was not seen for long enough, and gives its numbers out again', () => {
    const table = new SeriesTable();
    for (const name of ['a', 'b', 'c']) table.intern(series(name));
    table.nextGeneration();
    table.intern(series('a'));
    table.nextGeneration();
    table.intern(series('b'));
    expect([0, 1, 2].map((id) => table.isCurrent(id))).toEqual([false, true, false]);
    const gone: number[] = [];
    expect(table.evict(2, (id) => gone.push(id))).toBe(1);
    expect(gone).toEqual([2]);
    expect(table.labels[2].size).toBe(0);
    expect(table.find(series('c'))).toBe(-1);
    expect(table.find(series('a'))).toBe(0);
    expect(table.evict(1)).toBe(1);
    expect(table.intern(series('d'))).toBe(0);
    expect(table.intern(series('e'))).toBe(2);
    expect(table.intern(series('f'))).toBe(3);
    expect(table.find(series('b'))).toBe(1);
    expect(table.evict(1)).toBe(0);
  });

  it('agrees with a Map through passes and evictions', () => {
    const names = fc.constantFrom(...Array.from({ length: 40 }, (_, i) => `n${i}`));
    const passes = fc.array(
      fc.record({
        names: fc.array(names, { maxLength: 30 }),
        keep: fc.option(fc.integer({ min: 1, max: 3 })),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(passes, (all) => {
        const table = new SeriesTable();
        const model = new Map<string, { id: number; pass: number }>();
        all.forEach(({ names: seen, keep }, pass) => {
          for (const name of seen) {
            const id = table.intern(series(name));
            const known = model.get(name);
            if (known === undefined) expect([...model.values()].some((other) => other.id === id)).toBe(false);
            else expect(id).toBe(known.id);
            model.set(name, { id, pass });
          }
          if (keep !== null) {
            const gone = [...model].filter(([, { pass: last }]) => last <= pass - keep);
            const told: number[] = [];
            expect(table.evict(keep, (id) => told.push(id))).toBe(gone.length);
            expect(told.sort((a, b) => a - b)).toEqual(gone.map(([, { id }]) => id).sort((a, b) => a - b));
            for (const [name] of gone) model.delete(name);
          }
          for (const [name, { id }] of model) {
            expect(table.find(series(name))).toBe(id);
            expect(table.isCurrent(id)).toBe(model.get(name)!.pass === pass);
          }
          table.nextGeneration();
        });
      }),
    );
  });

  it('leaves parsers what they know of the series that stay', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    const parse = (text: string) => {
      batch.clear();
      table.nextGeneration();
      parser.write(Buffer.from(text), batch);
      parser.end(batch);
      return Array.from(batch.series.subarray(0, batch.length));
    };
    const names = Array.from({ length: 200 }, (_, i) => `n${i}`);
    const body = (keep: (i: number) => boolean) =>
      names
        .filter((_, i) => keep(i))
        .map((n) => `${n} 1\n`)
        .join('');
    parse(body(() => true));
    const kept = parse(body((i) => i % 3 === 0));
    expect(table.evict(1)).toBe(133);
    expect(parse(body((i) => i % 3 === 0))).toEqual(kept);
    const again = parse(body(() => true));
    expect(again.map((id) => table.labels[id].toString())).toEqual(names);
    expect(new Set(again).size).toBe(200);
  });

  it('forgets many series in steps', () => {
    const table = new SeriesTable();
    const labels = (i: number) => labelsFromObject({ __name__: 'm', i: String(i) });
    for (let i = 0; i < 40_000; i++) table.intern(labels(i));
    table.nextGeneration();
    for (let i = 0; i < 40_000; i += 100) table.intern(labels(i));
    let steps = 0;
    let evicted = 0;
    for (const evicting = table.evicting(1, () => evicted++); !evicting.next().done; ) steps++;
    expect(steps).toBeGreaterThan(4);
    expect(evicted).toBe(39_600);
    for (let i = 0; i < 40_000; i++) expect(table.find(labels(i))).toBe(i % 100 === 0 ? i : -1);
  });

  it('keeps parsers from taking an evicted series for the one that has its number now', () => {
    const table = new SeriesTable();
    const first = new TextParser(table);
    const second = new TextParser(table);
    const batch = new Batch();
    const parse = (parser: TextParser, text: string) => {
      batch.clear();
      table.nextGeneration();
      parser.write(Buffer.from(text), batch);
      parser.end(batch);
      return Array.from(batch.series.subarray(0, batch.length), (id) => table.labels[id].toString());
    };
    expect(parse(first, '# TYPE b gauge\na 1\nb 1\n')).toEqual(['a', 'b']);
    expect(parse(first, '# TYPE b gauge\nb 1\n')).toEqual(['b']);
    table.evict(1);
    // The other parser gets the number that was that of `a`.
    expect(parse(second, 'c 1\n')).toEqual(['c']);
    expect(table.find(series('c'))).toBe(0);
    expect(parse(first, '# TYPE b gauge\na 1\nb 1\n')).toEqual(['a', 'b']);
  });

  it('does not search long when label sets are chosen to collide', () => {
    // FNV-1a goes through a string unit by unit: pairs of blocks with one hash double the strings that have one.
    const blocks: [string, string][] = [];
    let state = hashText('');
    while (blocks.length < 12) {
      const seen = new Map<number, string>();
      for (let i = 0; blocks.length < 12; i++) {
        const block = i.toString(36).padStart(4, '0');
        const h = fnv(state, block);
        const other = seen.get(h);
        seen.set(h, block);
        if (other === undefined) continue;
        blocks.push([other, block]);
        state = h;
        break;
      }
    }
    const table = new SeriesTable();
    let compared = 0;
    const all = Array.from({ length: 4096 }, (_, i) => {
      const labels = series('a', { x: blocks.map((pair, bit) => pair[(i >> bit) & 1]).join('') });
      const equals = labels.equals.bind(labels);
      labels.equals = (other) => {
        compared++;
        return equals(other);
      };
      return labels;
    });
    expect(new Set(all.map((labels) => labels.hash())).size).toBe(1);
    for (const labels of all) table.intern(labels);
    expect(table.size).toBe(4096);
    // Comparing all that collide would take eight million.
    expect(compared).toBeLessThan(200_000);
    for (let i = 0; i < 4096; i += 131) expect(table.find(all[i])).toBe(i);
  });

  it('marks what a parser has seen', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    for (const text of ['a 1\nb 1\n', 'b 1\n']) {
      table.nextGeneration();
      parser.write(Buffer.from(text), batch);
      parser.end(batch);
    }
    expect([0, 1].map((id) => table.isCurrent(id))).toEqual([false, true]);
  });
});

describe('Batch', () => {
  it('appends rows of another batch bit for bit', () => {
    const one = new Batch();
    const two = new Batch();
    one.push(7, 5, 0.5);
    for (let i = 0; i < 2000; i++) {
      const row = two.push(i, Number.NaN, i);
      if (i % 3 === 0) two.writeNaN(row);
      if (i % 500 === 0) two.exemplars.push({ row, exemplar: { labels: series('e'), v: i, t: undefined } });
    }
    two.setStart(1500, 99);
    one.append(two, 400, 1600);
    expect(one.length).toBe(1201);
    expect([...one.series.subarray(0, 3)]).toEqual([7, 400, 401]);
    const halves = new Uint32Array(one.v.buffer);
    expect(halves[2 * (402 - 400 + 1) + 1]).toBe(0x7ff80000);
    expect(halves[2 * (402 - 400 + 1)]).toBe(1);
    expect(one.exemplars.map(({ row, exemplar }) => [row, exemplar.v])).toEqual([
      [101, 500],
      [601, 1000],
      [1101, 1500],
    ]);
    expect(one.st![1101]).toBe(99);
    expect(one.st![0]).toBe(0);
  });
});
