/**
 * Which series of an index a list of matchers selects, for the lists that were asked for last: what refreshes itself
 * asks the same of each block again and again, and a block's answer never changes.
 */
import type { Matcher } from '../../model/index.ts';

/** Of all answers together, 4 bytes a series. */
const BUDGET_BYTES = 2 * 1024 * 1024;

export class SelectionCache {
  /** In order of use. */
  private readonly answers = new Map<string, Uint32Array>();
  private bytes = 0;

  /** The answer that is known, or that of `select`, which is then kept. */
  get(matchers: readonly Matcher[], select: () => Uint32Array): Uint32Array {
    const key = matchers.map(String).join();
    const known = this.answers.get(key);
    if (known !== undefined) {
      this.answers.delete(key);
      this.answers.set(key, known);
      return known;
    }
    const refs = select();
    this.answers.set(key, refs);
    this.bytes += costOf(key, refs);
    for (const [oldest, answer] of this.answers) {
      if (this.bytes <= BUDGET_BYTES) break;
      this.answers.delete(oldest);
      this.bytes -= costOf(oldest, answer);
    }
    return refs;
  }
}

function costOf(key: string, refs: Uint32Array): number {
  return refs.byteLength + key.length + 128;
}
