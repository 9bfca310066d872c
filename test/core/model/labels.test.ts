import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareStrings,
  EMPTY_LABELS,
  type Labels,
  LabelsBuilder,
  labelsFromObject,
  labelsFromPairs,
  quote,
} from '../../../src/core/model/index.ts';

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'job', '__name__', 'é', '🐢', '\uffee'),
  fc.string({ minLength: 1 }),
);
const value = fc.oneof(fc.constantFrom('', 'x', 'y'), fc.string());
const pairs = fc.dictionary(name, value, { noNullPrototype: true });

function utf8Order(a: string, b: string): number {
  return Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

describe('Labels', () => {
  it('are sorted, without empty values, whatever order they came in', () => {
    const labels = labelsFromPairs([
      ['job', 'node'],
      ['__name__', 'up'],
      ['empty', ''],
      ['Zone', 'a'],
    ]);
    expect([...labels]).toEqual([
      ['Zone', 'a'],
      ['__name__', 'up'],
      ['job', 'node'],
    ]);
    expect(labels.size).toBe(3);
    expect(labels.get('job')).toBe('node');
    expect(labels.get('empty')).toBe('');
    expect(labels.has('empty')).toBe(false);
    expect(labelsFromObject({ a: '' })).toBe(EMPTY_LABELS);
  });

  it('refuse a name that occurs twice', () => {
    expect(() =>
      labelsFromPairs([
        ['a', '1'],
        ['a', '2'],
      ]),
    ).toThrow('duplicate label name "a"');
  });

  it('take names that objects have built in', () => {
    const labels = labelsFromPairs([
      ['constructor', 'c'],
      ['__proto__', 'p'],
    ]);
    expect(labels.get('__proto__')).toBe('p');
    expect(labels.get('toString')).toBe('');
    expect(Object.entries(labels.toObject())).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ]);
  });

  it('are equal, and hash alike, exactly when they hold the same', () => {
    fc.assert(
      fc.property(pairs, pairs, (a, b) => {
        const x = labelsFromObject(a);
        const again = labelsFromPairs(Object.entries(a).reverse());
        expect(again.equals(x)).toBe(true);
        expect(again.hash()).toBe(x.hash());
        const y = labelsFromObject(b);
        const same = JSON.stringify([...x]) === JSON.stringify([...y]);
        expect(x.equals(y)).toBe(same);
        expect(x.compare(y) === 0).toBe(same);
        expect(Math.sign(x.compare(y))).toBe(-Math.sign(y.compare(x)) + 0);
      }),
    );
  });

  it('do not confuse where a name ends and a value begins', () => {
    const a = labelsFromObject({ ab: 'c' });
    const b = labelsFromObject({ a: 'bc' });
    expect(a.hash()).not.toBe(b.hash());
    expect(a.equals(b)).toBe(false);
  });

  it('order by name, then value, then length', () => {
    const sets = (
      [{}, { a: '1' }, { a: '1', b: '1' }, { a: '2' }, { b: '0' }] as Record<string, string>[]
    ).map(labelsFromObject);
    const shuffled = [sets[3], sets[1], sets[4], sets[0], sets[2]];
    expect(shuffled.sort((x, y) => x.compare(y))).toEqual(sets);
  });

  it('are changed by copy, and only where there is a change', () => {
    const labels = labelsFromObject({ a: '1', c: '3' });
    expect(labels.with('b', '2').toObject()).toEqual({ a: '1', b: '2', c: '3' });
    expect(labels.with('d', '4').toObject()).toEqual({ a: '1', c: '3', d: '4' });
    expect(labels.with('a', '9').toObject()).toEqual({ a: '9', c: '3' });
    expect(labels.with('a', '').toObject()).toEqual({ c: '3' });
    expect(labels.with('a', '1')).toBe(labels);
    expect(labels.with('x', '')).toBe(labels);
    expect(labels.without('a').toObject()).toEqual({ c: '3' });
    expect(labels.without('x')).toBe(labels);
    expect(labels.toObject()).toEqual({ a: '1', c: '3' });
  });

  it.each([
    [{ __name__: 'up', job: 'node' }, 'up{job="node"}'],
    [{ __name__: 'up' }, 'up'],
    [{ job: 'a"b\\c\nd' }, '{job="a\\"b\\\\c\\nd"}'],
    [{ __name__: 'my metric', 'my label': 'x\u00a0y' }, '{"my metric", "my label"="x\\u00a0y"}'],
    [{ __name__: 'ns:rule:sum', 'x:y': 'z' }, 'ns:rule:sum{"x:y"="z"}'],
    [{}, '{}'],
  ])('print as a selector %#', (object, text) => {
    expect(labelsFromObject(object as Record<string, string>).toString()).toBe(text);
  });
});

describe('compareStrings', () => {
  it('orders as UTF-8 bytes do', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string());
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareStrings(a, b))).toBe(utf8Order(a, b));
      }),
    );
    expect(compareStrings('\uffee', '🐢')).toBeLessThan(0);
    expect('\uffee' < '🐢').toBe(false);
  });
});

describe('quote', () => {
  it('escapes what expositions escape, and nothing else', () => {
    expect(quote('a"b\\c\nd\te\u00a0')).toBe('"a\\"b\\\\c\\nd\te\u00a0"');
  });
});

describe('LabelsBuilder', () => {
  const change = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), name, value }),
    fc.record({ kind: fc.constant('delete' as const), name, value: fc.constant('') }),
    fc.record({ kind: fc.constant('retain' as const), name, value: fc.constant('') }),
  );

  it('does what a plain map would', () => {
    const builder = new LabelsBuilder();
    fc.assert(
      fc.property(pairs, fc.array(change), (object, changes) => {
        const base = labelsFromObject(object);
        const model = new Map(base);
        const before = base.toString();
        builder.reset(base);
        for (const c of changes) {
          if (c.kind === 'set') {
            builder.set(c.name, c.value);
            if (c.value === '') model.delete(c.name);
            else model.set(c.name, c.value);
          } else if (c.kind === 'delete') {
            builder.delete(c.name);
            model.delete(c.name);
          } else {
            builder.retain((n) => n !== c.name);
            model.delete(c.name);
          }
          expect(builder.get(c.name)).toBe(model.get(c.name) ?? '');
        }
        expect(builder.size).toBe(model.size);
        const built: Labels = builder.labels();
        expect(built.equals(labelsFromPairs(model))).toBe(true);
        expect(builder.entries().sort(([a], [b]) => compareStrings(a, b))).toEqual([...built]);
        expect(base.toString()).toBe(before);
      }),
    );
  });

  it('gives back the set it was given where nothing changed', () => {
    const base = labelsFromObject({ a: '1' });
    const builder = new LabelsBuilder(base).set('a', '1').delete('b');
    expect(builder.labels()).toBe(base);
    expect(builder.delete('a').labels()).toBe(EMPTY_LABELS);
    expect(builder.reset(base).labels()).toBe(base);
  });

  it('lists the labels of the base first, then those set, as they were set', () => {
    const builder = new LabelsBuilder(labelsFromObject({ a: '1', b: '2', c: '3' }));
    builder.set('x', '4').set('b', '2').set('d', '5').delete('x').set('x', '6').delete('c');
    expect(builder.entries()).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['d', '5'],
      ['x', '6'],
    ]);
  });

  it('leaves built sets alone when it is used on', () => {
    const builder = new LabelsBuilder().set('a', '1');
    const first = builder.labels();
    builder.set('a', '2').set('b', '1');
    expect(first.toObject()).toEqual({ a: '1' });
  });
});
