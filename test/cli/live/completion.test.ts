import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completionContext, matching } from '../../../src/cli/live/completion.ts';

/** The context at `|`. */
function at(text: string) {
  const cursor = text.indexOf('|');
  const { kind, word, metric, label, from } = completionContext(text.replace('|', ''), cursor);
  expect(from).toBe(cursor - word.length);
  return { kind, word, metric, label };
}

describe('what may stand at the cursor', () => {
  it.each([
    ['|', ''],
    ['node_|', 'node_'],
    ['sum(ra|', 'ra'],
    ['a + b|', 'b'],
    ['rate(x{a="b"}[5m]) / no|', 'no'],
    ['x{a="b\\"{"} + y|', 'y'],
  ])('in %s is a name', (text, word) => {
    expect(at(text)).toMatchObject({ kind: 'name', word });
  });

  it.each([
    ['up{|', '', 'up'],
    ['up{jo|', 'jo', 'up'],
    ['up{job="a", in|', 'in', 'up'],
    ['up{job="a",|}', '', 'up'],
    ['{jo|', 'jo', ''],
    ['sum by (|', '', ''],
    ['sum by (in|) (rate(x_total[5m]))', 'in', 'rate'],
    ['sum(x_total{a="b"}) by (in|', 'in', 'x_total'],
    ['a / on (jo|', 'jo', 'a'],
  ])('in %s is a label', (text, word, metric) => {
    const found = at(text);
    expect([found.kind, found.word]).toEqual(['label', word]);
    // Behind a grouping comes a function first; its labels are as good a guess as any.
    if (metric !== 'rate') expect(found.metric).toBe(metric);
  });

  it.each([
    ['up{job="|', '', 'job'],
    ['up{job=~"a|b"}', 'a', 'job'],
    ['up{a="x", job!="n o|', 'n o', 'job'],
    ["up{job='|", '', 'job'],
  ])('in %s is a value', (text, word, label) => {
    expect(at(text)).toEqual({ kind: 'value', word, metric: 'up', label });
  });

  it.each([['x[|'], ['x[5|'], ['rate(x{a="b"}[1|m])']])('in %s is a duration', (text) => {
    expect(at(text).kind).toBe('duration');
  });

  it.each([['label_replace(x, "|'], ['5|'], ['up{job|="a"}x{a=|'], ['up{job="a"|'], ['up{job=|']])(
    'in %s is nothing to complete',
    (text) => {
      expect(completionContext(text.replace(/\|/, ''), text.lastIndexOf('|')).kind).toMatch(/none|label/);
    },
  );

  it('is found for any text, and is a part of it', () => {
    const unit = fc.constantFrom(...'ab_{}()[]"\'`\\,=~!+ 5.é');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), fc.nat(40), (text, n) => {
        const cursor = Math.min(n, text.length);
        const { from, word } = completionContext(text, cursor);
        expect(text.slice(from, cursor)).toBe(word);
      }),
    );
  });
});

it('candidates begin with the word, or contain it', () => {
  const all = ['rate(', 'irate(', 'node_rate', 'up'].map((text) => ({ text, detail: '' }));
  expect(matching(all, 'rat').map(({ text }) => text)).toEqual(['rate(', 'irate(', 'node_rate']);
  expect(matching(all, 'U').map(({ text }) => text)).toEqual(['up']);
});
