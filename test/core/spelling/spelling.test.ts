import { describe, expect, it } from 'vitest';
import { editDistance, nearestName } from '../../../src/core/spelling/index.ts';

describe('the distance of two words', () => {
  it('counts letters that are too many, missing, wrong or swapped', () => {
    expect(editDistance('rate', 'rate', 3)).toBe(0);
    expect(editDistance('rat', 'rate', 3)).toBe(1);
    expect(editDistance('ratee', 'rate', 3)).toBe(1);
    expect(editDistance('rste', 'rate', 3)).toBe(1);
    expect(editDistance('raet', 'rate', 3)).toBe(1);
    expect(editDistance('artee', 'rate', 3)).toBe(2);
  });

  it('is given up at its limit', () => {
    expect(editDistance('increase', 'rate', 3)).toBe(3);
    expect(editDistance('abcd', 'efgh', 2)).toBe(2);
  });
});

describe('names like a misspelt one', () => {
  const names = ['node_load1', 'node_load5', 'node_load15', 'node_cpu_seconds_total', 'up'];

  it('have few letters wrong, or contain it', () => {
    expect(nearestName('node_laod1', names)).toEqual(['node_load1', 'node_load15', 'node_load5']);
    expect(nearestName('cpu_seconds', names)).toEqual(['node_cpu_seconds_total']);
    expect(nearestName('UP', names)).toEqual(['up']);
  });

  it('are none where none is like it', () => {
    expect(nearestName('http_requests', names)).toEqual([]);
    expect(nearestName('', names)).toEqual([]);
  });
});
