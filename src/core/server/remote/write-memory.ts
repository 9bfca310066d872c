/**
 * What those who write 1.0 messages share: an appender, and which series the bytes of labels came to before. One message is
 * taken from its first series to its commit at a stretch, so that each has the appender to itself.
 */
import { copied, grownLength } from '../../encoding/grown.ts';
import { KnownSeries } from '../../remote/known-series.ts';
import type { KnownLabels } from '../../remote/write-codec.ts';
import type { Appender } from '../../source/source.ts';

/** Of KnownSeries: labels stand for themselves. */
const ONE_CONTEXT = 0;

export class WriteMemory implements KnownLabels {
  readonly appender: Appender;
  private readonly known = new KnownSeries();
  /** 1 for refs that bytes are known for; of a series, whose labels may come in any order, there may be several. */
  private kept: Uint8Array = new Uint8Array(1024);

  /** Nobody else may use this appender. */
  constructor(appender: Appender) {
    this.appender = appender;
  }

  refOf(message: Uint8Array, start: number, end: number): number {
    const at = this.known.find(ONE_CONTEXT, message, start, end);
    return at < 0 ? -1 : this.known.refs[at];
  }

  /** The bytes must be new. */
  learn(message: Uint8Array, start: number, end: number, ref: number): void {
    this.known.add(ONE_CONTEXT, message, start, end, [ref]);
    if (ref >= this.kept.length) {
      this.kept = copied(this.kept, new Uint8Array(grownLength(this.kept.length, ref + 1)));
    }
    this.kept[ref] = 1;
  }

  /**
   * A message is done: lets go of it and of refs that were asked for and not learned, and of all that is known where that
   * has become too much.
   */
  done(asked: readonly number[]): void {
    for (const ref of new Set(asked)) if (this.kept[ref] !== 1) this.appender.forget?.(ref);
    this.known.done();
    if (!this.known.isFull) return;
    this.known.clear((ref) => {
      if (this.kept[ref] === 1) this.appender.forget?.(ref);
      this.kept[ref] = 0;
    });
  }
}
