/** What of an expected result is missing, and what there is instead. */
import type { TestFailure } from './test-case.ts';

export interface ChangedLine {
  /** Expected, or there. */
  sign: '-' | '+';
  text: string;
}

/** Lines that only one side has: first what is missing, then what is there instead. Order does not count. */
export function changedLines({ expected, got }: TestFailure): ChangedLine[] {
  return [
    ...without(expected, got).map((text) => ({ sign: '-', text }) as const),
    ...without(got, expected).map((text) => ({ sign: '+', text }) as const),
  ];
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
}
