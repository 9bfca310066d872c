/**
 * The memory of scrapes under way, lent from one to the next: ten thousand targets are not ten thousand bodies, nor are
 * those that have been asked and have not answered yet.
 */
import { Batch } from '../exposition/batch.ts';
import { BodyBuffer } from '../http/body.ts';

/** A batch with more rows is not kept for the next scrape. */
const KEPT_ROWS = 1 << 17;
/** Of each kind, waiting for use; more of them are left to the garbage collector. */
const KEPT = 64;

export class ScrapeBuffers {
  private readonly bodies: BodyBuffer[] = [];
  private readonly batches: Batch[] = [];

  takeBody(): BodyBuffer {
    return this.bodies.pop() ?? new BodyBuffer();
  }

  takeBatch(): Batch {
    return this.batches.pop() ?? new Batch();
  }

  giveBack(body: BodyBuffer | undefined, batch: Batch | undefined): void {
    if (body !== undefined && this.bodies.length < KEPT) {
      body.clear();
      this.bodies.push(body);
    }
    if (batch !== undefined && batch.series.length <= KEPT_ROWS && this.batches.length < KEPT) {
      batch.clear();
      this.batches.push(batch);
    }
  }
}
