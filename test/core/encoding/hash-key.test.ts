import { describe, expect, it } from 'vitest';
import { hashKey } from '../../../src/core/encoding/hash-key.ts';

describe('a key', () => {
  it('has as many words as are asked for, and is another one each time', () => {
    const keys = Array.from({ length: 50 }, () => hashKey(4));
    expect(keys.every((key) => key.length === 4)).toBe(true);
    expect(new Set(keys.map(String)).size).toBe(50);
    expect(new Set(keys.flatMap((key) => [...key])).size).toBe(200);
  });
});
