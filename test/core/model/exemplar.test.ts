import { expect, it } from 'vitest';
import { isExemplarTooLong } from '../../../src/core/model/exemplar.ts';
import { labelsFromObject } from '../../../src/core/model/index.ts';

it('an exemplar may have 128 characters, whatever they take', () => {
  const isTooLong = (value: string) =>
    isExemplarTooLong({ labels: labelsFromObject({ id: value }), v: 1, t: 0 });
  for (const char of ['a', 'é', '✓', '😀']) {
    expect(isTooLong(char.repeat(126)), char).toBe(false);
    expect(isTooLong(char.repeat(127)), char).toBe(true);
    expect(isTooLong(char.repeat(1000)), char).toBe(true);
  }
});
