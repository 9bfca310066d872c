/**
 * Appends to a head, by Prometheus' rules: what is older than a series' newest sample, or was there, is refused or
 * goes to the late chunks. It is the Appender of source/source.ts. Each has transactions of its own; what one has not
 * committed is not seen by anybody else.
 */
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { type Exemplar, isExemplarTooLong } from '../../model/exemplar.ts';
import { type Histogram, histogramsEqual, staleHistogram } from '../../model/index.ts';
import type { Labels } from '../../model/labels.ts';
import type { Metadata } from '../../model/metadata.ts';
import { Outcome } from '../../model/outcome.ts';
import { isStaleBits, readBits } from '../../model/value.ts';
import { encodeLabels } from '../wal/index.ts';
import { CommitLog } from './commit-log.ts';
import { exemplarOutcome } from './exemplar-ring.ts';
import { Handles } from './handles.ts';
import type { Head } from './head.ts';
import { Newest } from './series-table.ts';
import { Entry, Transaction } from './transaction.ts';

/** `series.pending` of a series that has no sample in order in the transaction. */
const NONE = 0xffffffff;
const NAN_HIGH = 0x7ff00000;

export class HeadAppender {
  private readonly head: Head;
  private readonly shared: SharedCommit;
  private readonly handles = new Handles();
  private readonly labels = new ByteWriter();
  private readonly bits = new Uint32Array(2);
  /** One row, for what comes alone. */
  private readonly zero = {
    refs: new Uint32Array(1),
    ts: new Float64Array(1),
    vs: new Float64Array(1),
    outcomes: new Uint8Array(1),
  };
  /** Undefined and 0 while there is nothing to commit. */
  private tx: Transaction | undefined = undefined;
  private id = 0;
  /** `head.changes` when the entries of the transaction were decided. */
  private basis = 0;
  /** Of a sample's decision: where it goes. */
  private entry: Entry = Entry.inOrder;

  constructor(head: Head) {
    this.head = head;
    this.shared = sharedOf(head);
    head.handles.add(this.handles);
  }

  /** The ref of a series, made where it is new. Valid for the appender's life, or until `forget`. */
  ref(labels: Labels): number {
    const row = this.rowOf(labels);
    const ref = this.head.series.ref[row];
    const handle = this.handles.find(row, ref);
    return handle >= 0 ? handle : this.handles.add(row, ref);
  }

  /** The ref will not be used again. */
  forget(ref: number): void {
    this.handles.remove(ref);
  }

  append(
    refs: Uint32Array,
    ts: Float64Array,
    vs: Float64Array,
    from: number,
    to: number,
    outcomes: Uint8Array,
  ): number {
    if (from === to) return 0;
    const tx = this.begin();
    const { head, handles, id, bits } = this;
    const { series } = head;
    const { xor } = series;
    const now = head.clock.now();
    const maxTime = now + head.maxAhead;
    const minTime = head.appendableFrom;
    const halves = new Uint32Array(vs.buffer, vs.byteOffset, vs.length * 2);
    let mint = head.transactions.get(id)!;
    let ok = 0;
    for (let i = from; i < to; i++) {
      const handle = refs[i];
      const known = handles.rows[handle];
      const row = series.ref[known] === handles.refs[handle] ? known : this.revive(handle);
      const t = ts[i];
      let high = halves[i * 2 + 1];
      const low = halves[i * 2];
      if ((high & NAN_HIGH) === NAN_HIGH) {
        readBits(vs, i, bits);
        high = bits[0];
        if (isStaleBits(high, low) && this.newestOf(row) > Newest.float) {
          const h = { ...staleHistogram(), isFloat: this.newestOf(row) === Newest.floatHistogram };
          outcomes[i] = this.appendHistogramTo(row, t, h);
          if (outcomes[i] === Outcome.ok) ok++;
          mint = Math.min(mint, head.transactions.get(id)!);
          continue;
        }
      }
      const isOwn = series.transaction[row] === id;
      const pending = isOwn ? series.pending[row] : NONE;
      const last = pending === NONE ? xor.t[row] : tx.t[pending];
      let entry: Entry = Entry.inOrder;
      if (!(t > last && t >= minTime && t <= maxTime)) {
        const outcome = this.decide(row, t, last, high, low, null, now, minTime);
        if (outcome !== Outcome.ok) {
          outcomes[i] = outcome;
          head.floats.refuse(outcome, head.outOfOrderWindow);
          continue;
        }
        entry = this.entry;
      }
      const n = tx.push(row, t, entry);
      tx.bits[n * 2] = low;
      tx.bits[n * 2 + 1] = high;
      series.transaction[row] = id;
      if (entry === Entry.inOrder) series.pending[row] = n;
      else if (!isOwn) series.pending[row] = NONE;
      if (pending !== NONE && tx.histograms.has(pending)) tx.mixed = true;
      if (t < mint) mint = t;
      outcomes[i] = Outcome.ok;
      ok++;
    }
    head.transactions.set(id, mint);
    return ok;
  }

  /** Keeps `h`, which must not be changed afterwards. */
  appendHistogram(ref: number, t: number, h: Histogram): Outcome {
    this.begin();
    return this.appendHistogramTo(this.rowOfHandle(ref), t, h);
  }

  /** See Appender.appendStart. */
  appendStart(ref: number, t: number, st: number, zero: Histogram | null): Outcome {
    const tx = this.begin();
    const { head } = this;
    const { series } = head;
    const row = this.rowOfHandle(ref);
    const pending = series.transaction[row] === this.id ? series.pending[row] : NONE;
    const last = pending === NONE ? series.xor.t[row] : tx.t[pending];
    // An empty head begins with the sample, not with the start of its series.
    const from = head.maxTime === Number.NEGATIVE_INFINITY ? t - head.chunkRange / 2 : head.appendableFrom;
    if (!(st > last && st < t && st >= from)) return Outcome.outOfOrder;
    if (zero !== null) return this.appendHistogramTo(row, st, zero);
    const { refs, ts, vs, outcomes } = this.zero;
    refs[0] = ref;
    ts[0] = st;
    this.append(refs, ts, vs, 0, 1, outcomes);
    return outcomes[0] as Outcome;
  }

  /** `exemplar.t` must be set. */
  appendExemplar(ref: number, exemplar: Exemplar): Outcome {
    const tx = this.begin();
    const { head } = this;
    const row = this.rowOfHandle(ref);
    if (isExemplarTooLong(exemplar)) return Outcome.tooLong;
    if (exemplar.t! > head.clock.now() + head.maxAhead) return Outcome.tooFarAhead;
    if (exemplar.t! < head.minValidTime) return Outcome.tooOld;
    const outcome = exemplarOutcome(tx.newestExemplars.get(row) ?? head.exemplars.last(row), exemplar);
    if (outcome === Outcome.ok) tx.pushExemplar(row, head.series.ref[row], exemplar);
    return outcome;
  }

  setMetadata(ref: number, metadata: Metadata): void {
    const row = this.rowOfHandle(ref);
    if (this.head.metadata.has(row, metadata)) return;
    this.begin().metadata.push({ row, ref: this.head.series.ref[row], metadata });
  }

  /**
   * Acknowledges all that was appended: it is in the log, and seen from now on. Throws the system's error where the
   * log cannot be written, and the head is as it was.
   */
  commit(): void {
    const { tx, head } = this;
    if (tx === undefined) return;
    try {
      if (!tx.isEmpty) {
        if (head.changes !== this.basis) this.decideAnew(tx);
        this.dropGone(tx);
        this.shared.log.write(tx);
        this.shared.apply(tx);
      }
    } finally {
      this.end(tx);
    }
  }

  rollback(): void {
    if (this.tx !== undefined) this.end(this.tx);
  }

  private begin(): Transaction {
    if (this.tx === undefined) {
      this.tx = this.shared.take();
      this.id = this.head.beginTransaction();
      this.basis = this.head.changes;
    }
    return this.tx;
  }

  private end(tx: Transaction): void {
    this.head.transactions.delete(this.id);
    this.shared.giveBack(tx);
    this.tx = undefined;
    this.id = 0;
  }

  private appendHistogramTo(row: number, t: number, h: Histogram): Outcome {
    const { head, id } = this;
    const { series } = head;
    const tx = this.tx!;
    const isOwn = series.transaction[row] === id;
    const pending = isOwn ? series.pending[row] : NONE;
    const last = pending === NONE ? series.xor.t[row] : tx.t[pending];
    const outcome = this.decide(row, t, last, 0, 0, h, head.clock.now(), head.appendableFrom);
    if (outcome !== Outcome.ok) {
      head.histograms.refuse(outcome, head.outOfOrderWindow);
      return outcome;
    }
    const n = tx.push(row, t, this.entry);
    tx.histograms.set(n, h);
    series.transaction[row] = id;
    if (this.entry === Entry.inOrder) series.pending[row] = n;
    else if (!isOwn) series.pending[row] = NONE;
    if (pending !== NONE && !tx.histograms.has(pending)) tx.mixed = true;
    head.transactions.set(id, Math.min(head.transactions.get(id)!, t));
    return outcome;
  }

  /** What becomes of a sample whose series' newest one is at `last`; leaves in `entry` how it goes in. */
  private decide(
    row: number,
    t: number,
    last: number,
    high: number,
    low: number,
    h: Histogram | null,
    now: number,
    minTime: number,
  ): Outcome {
    const { head } = this;
    if (t > now + head.maxAhead) return Outcome.tooFarAhead;
    if (t >= minTime) {
      if (t > last) {
        this.entry = Entry.inOrder;
        return Outcome.ok;
      }
      if (t === last) return this.isNewest(row, high, low, h) ? Outcome.duplicate : Outcome.conflict;
    }
    if (t >= head.lateFrom(now)) {
      this.entry = Entry.late;
      return Outcome.ok;
    }
    return t < minTime || head.outOfOrderWindow > 0 ? Outcome.tooOld : Outcome.outOfOrder;
  }

  /** Whether this is the value of the series' newest sample, as far as that is known. */
  private isNewest(row: number, high: number, low: number, h: Histogram | null): boolean {
    const { series, open } = this.head;
    const pending = series.transaction[row] === this.id ? series.pending[row] : NONE;
    if (pending !== NONE) {
      const tx = this.tx!;
      const other = tx.histograms.get(pending) ?? null;
      if (h !== null || other !== null) return h !== null && other !== null && isSame(h, other);
      return tx.bits[pending * 2 + 1] === high && tx.bits[pending * 2] === low;
    }
    if (!series.isValueKnown(row)) return true;
    if (series.newest[row] === Newest.float) {
      return h === null && series.xor.high[row] === (high | 0) && series.xor.low[row] === (low | 0);
    }
    const other = open.lastHistogram(row);
    return h !== null && other !== null && isSame(h, other);
  }

  private newestOf(row: number): Newest {
    const { series } = this.head;
    const pending = series.transaction[row] === this.id ? series.pending[row] : NONE;
    if (pending === NONE) return series.newest[row] as Newest;
    const h = this.tx!.histograms.get(pending);
    return h === undefined ? Newest.float : h.isFloat ? Newest.floatHistogram : Newest.histogram;
  }

  /** Decides again about all samples, since the head is not what it was. */
  private decideAnew(tx: Transaction): void {
    const { head } = this;
    const { series } = head;
    head.transactions.delete(this.id);
    this.id = head.beginTransaction();
    const now = head.clock.now();
    const minTime = head.appendableFrom;
    tx.lateCount = 0;
    for (let i = 0; i < tx.count; i++) {
      const row = tx.row[i];
      const pending = series.transaction[row] === this.id ? series.pending[row] : NONE;
      const last = pending === NONE ? series.xor.t[row] : tx.t[pending];
      const h = tx.histograms.get(i) ?? null;
      const outcome = this.decide(row, tx.t[i], last, tx.bits[i * 2 + 1], tx.bits[i * 2], h, now, minTime);
      tx.entry[i] = outcome === Outcome.ok ? this.entry : Entry.dropped;
      if (tx.entry[i] === Entry.late) tx.lateCount++;
      series.transaction[row] = this.id;
      series.pending[row] = tx.entry[i] === Entry.inOrder ? i : pending;
    }
  }

  /** Exemplars and metadata do not keep a series from going. */
  private dropGone(tx: Transaction): void {
    const { ref } = this.head.series;
    for (const list of [tx.exemplars, tx.metadata] as { row: number; ref: number }[][]) {
      for (let i = list.length - 1; i >= 0; i--) if (ref[list[i].row] !== list[i].ref) list.splice(i, 1);
    }
  }

  private rowOfHandle(handle: number): number {
    const row = this.handles.rows[handle];
    return this.head.series.ref[row] === this.handles.refs[handle] ? row : this.revive(handle);
  }

  /** The series of a ref is gone from the head: makes it again. */
  private revive(handle: number): number {
    const row = this.rowOf(this.handles.labelsOf(handle));
    this.handles.move(handle, row, this.head.series.ref[row]);
    return row;
  }

  private rowOf(labels: Labels): number {
    const { head } = this;
    this.labels.clear();
    encodeLabels(labels, this.labels);
    const row = head.series.findOrAdd(this.labels.bytes, 0, this.labels.length, head.lastRef + 1);
    if (head.series.ref[row] > head.lastRef) head.lastRef++;
    return row;
  }
}

const shared = new WeakMap<Head, SharedCommit>();

/** What the appenders of one head share: only one of them commits at a time. */
function sharedOf(head: Head): SharedCommit {
  let found = shared.get(head);
  if (found === undefined) shared.set(head, (found = new SharedCommit(head)));
  return found;
}

class SharedCommit {
  readonly log: CommitLog;
  private readonly head: Head;
  /** Transactions that are in no use, with their columns. */
  private readonly idle: Transaction[] = [];

  constructor(head: Head) {
    this.head = head;
    this.log = new CommitLog(head);
  }

  take(): Transaction {
    return this.idle.pop() ?? new Transaction();
  }

  giveBack(tx: Transaction): void {
    tx.clear();
    this.idle.push(tx);
  }

  /** Makes a transaction seen that is in the log. */
  apply(tx: Transaction): void {
    const { head } = this;
    const { series, open, late } = head;
    const { row: rows, t: ts, bits, entry: entries, histograms } = tx;
    for (const gathering of head.gatherings) {
      for (let i = 0; i < tx.count; i++) gathering.before(rows[i]);
    }
    let mint = Number.POSITIVE_INFINITY;
    let maxt = Number.NEGATIVE_INFINITY;
    let floats = 0;
    for (let i = 0; i < tx.count; i++) {
      if (entries[i] !== Entry.inOrder) continue;
      const row = rows[i];
      const t = ts[i];
      const h = histograms.size === 0 ? undefined : histograms.get(i);
      if (h === undefined) {
        const high = bits[i * 2 + 1];
        const low = bits[i * 2];
        open.appendFloat(row, t, high, low);
        series.setStale(row, low === 2 && isStaleBits(high, low));
        floats++;
      } else {
        open.appendHistogram(row, t, h);
        series.setStale(row, h.stale);
        head.histograms.appended++;
      }
      if (t < mint) mint = t;
      if (t > maxt) maxt = t;
    }
    head.floats.appended += floats;
    if (mint <= maxt) head.noteTimes(mint, maxt, false);
    for (let i = 0; i < tx.count && tx.lateCount > 0; i++) {
      if (entries[i] !== Entry.late) continue;
      const row = rows[i];
      // Within one transaction a full chunk makes way without a marker, as what follows was logged before it.
      if (late.isFull(row)) late.finish(row);
      const h = histograms.get(i);
      if (h === undefined) late.insertFloat(row, ts[i], bits[i * 2 + 1], bits[i * 2]);
      else late.insertHistogram(row, ts[i], h);
      const counts = h === undefined ? head.floats : head.histograms;
      counts.appended++;
      counts.appendedLate++;
      head.noteTimes(ts[i], ts[i], true);
    }
    for (const { row, exemplar } of tx.exemplars) head.exemplars.add(row, exemplar);
    for (const { row, metadata } of tx.metadata) head.metadata.set(row, metadata);
    head.changes++;
  }
}

function isSame(a: Histogram, b: Histogram): boolean {
  return a.isFloat === b.isFloat && histogramsEqual(a, b);
}
