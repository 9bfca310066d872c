/**
 * Appending while the log is still being read: what is committed is kept in memory, in the order of the commits, and
 * goes to the head and the log when all is read. Until then it is not durable, and nobody is told what the head says
 * of it: right for scrapes, which would else be missed, wrong for who waits for an acknowledgement.
 */
import type { Clock } from '../../clock.ts';
import { InputError } from '../../errors.ts';
import type { Exemplar } from '../../model/exemplar.ts';
import type { Histogram } from '../../model/histogram.ts';
import type { Labels } from '../../model/labels.ts';
import type { Metadata } from '../../model/metadata.ts';
import { Outcome } from '../../model/outcome.ts';
import { type Head, HeadAppender } from '../head/index.ts';

/** Samples kept at most, 16 bytes each and more: what 200,000 series have in a quarter of an hour. */
const MAX_SAMPLES = 10_000_000;

/** An Appender (source/source.ts) that can forget refs. */
export interface DatabaseAppender {
  ref(labels: Labels): number;
  /** The ref will not be used again. */
  forget(ref: number): void;
  append(
    refs: Uint32Array,
    ts: Float64Array,
    vs: Float64Array,
    from: number,
    to: number,
    outcomes: Uint8Array,
  ): number;
  appendHistogram(ref: number, t: number, h: Histogram): Outcome;
  appendExemplar(ref: number, exemplar: Exemplar): Outcome;
  appendStart(ref: number, t: number, st: number, zero: Histogram | null): Outcome;
  setMetadata(ref: number, metadata: Metadata): void;
  commit(): void;
  rollback(): void;
}

/** A call that is to be made when there is a head. */
type Call = (appender: HeadAppender) => void;

/** What waits for the head. */
export class EarlyCommits {
  /** Samples that are waiting. */
  samples = 0;
  private readonly clock: Clock;
  private readonly maxAhead: number;
  private readonly appenders: EarlyAppender[] = [];
  /** From the end of `handOver` on. */
  private head: Head | undefined = undefined;
  private readonly commits: { by: EarlyAppender; calls: readonly Call[]; samples: number }[] = [];

  /** Samples that are further ahead of the clock than `maxAhead` (ms) are refused, as the head would. */
  constructor(clock: Clock, maxAhead: number) {
    this.clock = clock;
    this.maxAhead = maxAhead;
  }

  appender(): DatabaseAppender {
    if (this.head !== undefined) return new HeadAppender(this.head);
    const appender = new EarlyAppender(this);
    this.appenders.push(appender);
    return appender;
  }

  /** The newest time that is taken, ms. */
  get maxTime(): number {
    return this.clock.now() + this.maxAhead;
  }

  /** Throws InputError `not_ready` where too much is waiting already. */
  reserve(samples: number): void {
    if (this.samples + samples > MAX_SAMPLES) {
      throw new InputError(
        'not_ready',
        `the log is still being read, and ${this.samples} samples are waiting for that`,
      );
    }
    this.samples += samples;
  }

  release(samples: number): void {
    this.samples -= samples;
  }

  add(by: EarlyAppender, calls: readonly Call[], samples: number): void {
    this.commits.push({ by, calls, samples });
  }

  /**
   * Hands everything to the head, a commit a step; what is committed meanwhile, too. From its end on the appenders
   * append to the head themselves. `onLoss` is told of a commit that could not be written.
   */
  *handOver(head: Head, onLoss: (error: Error, samples: number) => void): Generator<void, void> {
    for (let next = this.commits.shift(); next !== undefined; next = this.commits.shift()) {
      const appender = next.by.headAppender(head);
      try {
        for (const call of next.calls) call(appender);
        appender.commit();
      } catch (error) {
        appender.rollback();
        if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
        onLoss(error as Error, next.samples);
      }
      this.samples -= next.samples;
      yield;
    }
    for (const appender of this.appenders) appender.takeHead(head);
    this.appenders.length = 0;
    this.head = head;
  }
}

class EarlyAppender implements DatabaseAppender {
  private readonly waiting: EarlyCommits;
  /** Labels by ref, and the other way round, while there is no head. */
  private labels: Labels[] = [];
  private readonly refs = new Map<string, number>();
  private readonly forgotten = new Set<number>();
  /** The transaction, and how many samples it has. */
  private calls: Call[] = [];
  private samples = 0;
  private inner: HeadAppender | undefined = undefined;
  /** Refs that `inner` has, too. */
  private handedRefs = 0;
  private isHandedOver = false;

  constructor(waiting: EarlyCommits) {
    this.waiting = waiting;
  }

  ref(labels: Labels): number {
    if (this.isHandedOver) return this.inner!.ref(labels);
    const key = labels.toString();
    let ref = this.refs.get(key);
    if (ref === undefined) {
      ref = this.labels.push(labels) - 1;
      this.refs.set(key, ref);
    }
    this.forgotten.delete(ref);
    return ref;
  }

  forget(ref: number): void {
    if (this.isHandedOver) this.inner!.forget(ref);
    else this.forgotten.add(ref);
  }

  append(
    refs: Uint32Array,
    ts: Float64Array,
    vs: Float64Array,
    from: number,
    to: number,
    outcomes: Uint8Array,
  ): number {
    if (this.isHandedOver) return this.inner!.append(refs, ts, vs, from, to, outcomes);
    this.reserve(to - from);
    const { maxTime } = this.waiting;
    let ok = 0;
    for (let i = from; i < to; i++) {
      outcomes[i] = ts[i] > maxTime ? Outcome.tooFarAhead : Outcome.ok;
      if (outcomes[i] === Outcome.ok) ok++;
    }
    // Copies, of typed arrays: what NaNs say stays what it is.
    const own = { refs: refs.slice(from, to), ts: ts.slice(from, to), vs: vs.slice(from, to) };
    this.calls.push((head) => {
      head.append(own.refs, own.ts, own.vs, 0, own.refs.length, new Uint8Array(own.refs.length));
    });
    return ok;
  }

  appendHistogram(ref: number, t: number, h: Histogram): Outcome {
    if (this.isHandedOver) return this.inner!.appendHistogram(ref, t, h);
    if (t > this.waiting.maxTime) return Outcome.tooFarAhead;
    this.reserve(1);
    this.calls.push((head) => head.appendHistogram(ref, t, h));
    return Outcome.ok;
  }

  appendStart(ref: number, t: number, st: number, zero: Histogram | null): Outcome {
    if (this.isHandedOver) return this.inner!.appendStart(ref, t, st, zero);
    this.reserve(1);
    this.calls.push((head) => head.appendStart(ref, t, st, zero));
    return Outcome.ok;
  }

  appendExemplar(ref: number, exemplar: Exemplar): Outcome {
    if (this.isHandedOver) return this.inner!.appendExemplar(ref, exemplar);
    this.calls.push((head) => head.appendExemplar(ref, exemplar));
    return Outcome.ok;
  }

  setMetadata(ref: number, metadata: Metadata): void {
    if (this.isHandedOver) this.inner!.setMetadata(ref, metadata);
    else this.calls.push((head) => head.setMetadata(ref, metadata));
  }

  commit(): void {
    if (this.isHandedOver) {
      this.inner!.commit();
      return;
    }
    if (this.calls.length > 0) this.waiting.add(this, this.calls, this.samples);
    this.begin();
  }

  rollback(): void {
    if (this.isHandedOver) {
      this.inner!.rollback();
      return;
    }
    this.waiting.release(this.samples);
    this.begin();
  }

  /** The head's appender that has the refs which this one gave out. */
  headAppender(head: Head): HeadAppender {
    this.inner ??= new HeadAppender(head);
    const { inner, labels } = this;
    // Both count from 0 as they meet new labels.
    for (; this.handedRefs < labels.length; this.handedRefs++) inner.ref(labels[this.handedRefs]);
    return inner;
  }

  takeHead(head: Head): void {
    const inner = this.headAppender(head);
    for (const ref of this.forgotten) inner.forget(ref);
    for (const call of this.calls) call(inner);
    this.waiting.release(this.samples);
    this.isHandedOver = true;
    this.begin();
    this.labels = [];
    this.refs.clear();
    this.forgotten.clear();
  }

  private begin(): void {
    this.calls = [];
    this.samples = 0;
  }

  private reserve(samples: number): void {
    this.waiting.reserve(samples);
    this.samples += samples;
  }
}
