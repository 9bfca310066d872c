/** /proc/net/rpc/nfs and nfsd: one line for each subject, a name and numbers. */
import { malformed, parseNumber, words } from '../files.ts';

/** How many numbers the lines have at least whose positions we rely on. */
const LENGTHS: Readonly<Record<string, number>> = { net: 4, rpc: 3, rc: 3, fh: 1, io: 2, th: 1 };

/** Name of the line -> its numbers. Throws InputError. */
export function parseRpc(text: string, file: string): Map<string, number[]> {
  const lines = new Map<string, number[]>();
  text.split('\n').forEach((line, i) => {
    const [name, ...fields] = words(line);
    if (name === undefined) return;
    const numbers = fields.map((field) => parseNumber(field, file, i + 1));
    const length = LENGTHS[name] ?? 0;
    if (numbers.length < length) {
      throw malformed(`expected ${length} numbers after "${name}", got ${numbers.length}`, file, i + 1);
    }
    lines.set(name, numbers);
  });
  return lines;
}
