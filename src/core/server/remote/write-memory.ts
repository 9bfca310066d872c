/**
 * What those who write 1.0 messages share: an appender, and which series the bytes of labels came to before. One message is
 * taken from its first series to its commit at a stretch, so that each has the appender to itself.
 */
import { KnownSeries } from '../../remote/known-series.ts';
import type { KnownLabels } from '../../remote/write-codec.ts';
import type { Appender } from '../../source/source.ts';

/** Of KnownSeries: labels stand for themselves. */
const ONE_CONTEXT = 0;

export class WriteMemory implements KnownLabels {
  readonly appender: Appender;
  private readonly known = new KnownSeries();

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
  }

  /**
   * A message is done: lets go of it and of refs that were asked for and not learned, and of all that is known where that
   * has become too much.
   */
  done(asked: readonly number[]): void {
    const { known, appender } = this;
    // A series whose labels came in one piece, too, is known.
    for (const ref of new Set(asked)) if (!known.has(ref)) appender.forget?.(ref);
    known.done();
    if (known.isFull) known.clear((ref) => appender.forget?.(ref));
  }
}
