/** The order in which a person sorts names with numbers in them: runs of digits compare as numbers. */
import { compareStrings } from '../../../model/labels.ts';

const CHUNKS = /\d+|\D+/g;

export function compareNaturally(a: string, b: string): number {
  if (a === b) return 0;
  const left = a.match(CHUNKS) ?? [];
  const right = b.match(CHUNKS) ?? [];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const order = compareChunks(left[i], right[i]);
    if (order !== 0) return order;
  }
  return left.length - right.length || compareStrings(a, b);
}

function compareChunks(a: string, b: string): number {
  if (!isDigits(a) || !isDigits(b)) return compareStrings(a, b);
  const left = a.replace(/^0+(?=\d)/, '');
  const right = b.replace(/^0+(?=\d)/, '');
  return left.length - right.length || compareStrings(left, right);
}

function isDigits(chunk: string): boolean {
  return /^\d/.test(chunk);
}
