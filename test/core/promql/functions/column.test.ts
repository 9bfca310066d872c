import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FLOAT, StepColumn } from '../../../../src/core/promql/functions/column.ts';

it('counts and finds the steps with a value, from any step on', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 120 }), fc.boolean(), (steps, sparse) => {
      const column = new StepColumn(steps.length);
      // Whole words without a value are passed over.
      const present = steps.map((here, i) => here && !(sparse && i % 40 > 3));
      for (const [i, here] of present.entries()) if (here) column.setFloat(i, i);
      for (let from = 0; from <= steps.length; from++) {
        expect(column.count(from)).toBe(present.slice(from).filter(Boolean).length);
        const next = present.indexOf(true, from);
        expect(column.next(from)).toBe(next === -1 ? steps.length : next);
      }
      expect(present.map((here) => (here ? FLOAT : 0))).toEqual([...column.kind]);
    }),
  );
});
