/** The memory of scrapes under way, lent from one to the next: ten thousand targets are not ten thousand bodies. */
import { Batch } from '../exposition/batch.ts';
import { BodyBuffer } from '../http/body.ts';

export interface ScrapeBuffer {
  body: BodyBuffer;
  batch: Batch;
}

/** A batch with more rows is not kept for the next scrape. */
const KEPT_ROWS = 1 << 17;
/** Buffers that wait for use; more of them are left to the garbage collector. */
const KEPT_BUFFERS = 64;

export class ScrapeBuffers {
  private readonly idle: ScrapeBuffer[] = [];

  take(): ScrapeBuffer {
    return this.idle.pop() ?? { body: new BodyBuffer(), batch: new Batch() };
  }

  giveBack(buffer: ScrapeBuffer): void {
    buffer.batch.clear();
    buffer.body.clear();
    if (buffer.batch.series.length > KEPT_ROWS) buffer.batch = new Batch();
    if (this.idle.length < KEPT_BUFFERS) this.idle.push(buffer);
  }
}
