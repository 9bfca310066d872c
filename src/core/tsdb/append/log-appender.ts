/**
 * Appends samples to the log of a data directory without reading the store: what it must know of a series (its ref,
 * its newest sample) comes from the table beside the log, a page at a time (ref-table.ts). What it writes is what
 * Prometheus would have written, and Prometheus finds it when it next starts on the directory.
 *
 * It implements the Appender of source/source.ts. One process writes to a directory at a time: see lock.ts.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { type Exemplar, isExemplarTooLong } from '../../model/exemplar.ts';
import type { Histogram } from '../../model/histogram.ts';
import type { Labels } from '../../model/labels.ts';
import type { Metadata } from '../../model/metadata.ts';
import { Outcome } from '../../model/outcome.ts';
import { readBits } from '../../model/value.ts';
import { type DirectoryLock, lockDirectory } from '../lock.ts';
import {
  encodeHistogram,
  encodeLabels,
  encodeMetadata,
  HINT_BYTES,
  LogWriter,
  type LogWriterOptions,
  segmentName,
} from '../wal/index.ts';
import { blocksEnd } from './block-extent.ts';
import { bootId } from './boot-id.ts';
import { type LogState, openLogState, recordHeader, TABLE_NAME } from './log-state.ts';
import { PendingRecords } from './pending-records.ts';
import { MIN_TIME, writeRefTable } from './ref-table.ts';
import { checkOf, HASH_WORDS, hashLabels, histogramBits, ValueKind } from './series-states.ts';
import { UndoLog } from './undo-log.ts';

/** How far ahead of the clock Prometheus takes samples from a scrape. */
const AHEAD_MS = 10 * 60 * 1000;
/** How long before its first sample a series may begin: half of what a block covers, as in Prometheus. */
const START_REACH_MS = 60 * 60 * 1000;

export interface LogAppenderOptions extends LogWriterOptions {
  clock: Clock;
}

export class LogAppender {
  /** What was found and mended on opening, for people. */
  readonly notices: readonly string[];
  private readonly dir: string;
  private readonly clock: Clock;
  private readonly options: LogWriterOptions;
  private readonly lock: DirectoryLock;
  private readonly state: LogState;
  private readonly bootId: string;
  /** Samples before this time belong to blocks, and would not be found in the log. */
  private readonly minTime: number;
  private writer: LogWriter | undefined = undefined;
  private maxRef: number;
  private readonly pending = new PendingRecords();
  private readonly undo: UndoLog;
  /** Labels of series that are not in the log yet, by index. */
  private readonly unwritten = new Map<number, Labels>();
  /** Metadata of such series. */
  private readonly deferred = new Map<number, Metadata>();
  /** Series whose entries in the table are out of date. */
  private readonly changed = new Set<number>();
  private readonly scratch = new ByteWriter();
  private readonly hash = new Uint32Array(HASH_WORDS);
  private readonly bits = new Uint32Array(2);
  /** One row, for what comes alone. */
  private readonly zero = {
    refs: new Uint32Array(1),
    ts: new Float64Array(1),
    vs: new Float64Array(1),
    outcomes: new Uint8Array(1),
  };

  /**
   * Opens `dir`, which is made where it does not exist. Throws InputError `locked` where somebody else writes to it,
   * and CorruptionError where its log cannot be continued.
   */
  constructor(dir: string, options: LogAppenderOptions) {
    this.dir = dir;
    this.clock = options.clock;
    this.options = options;
    mkdirSync(dir, { recursive: true });
    this.lock = lockDirectory(dir);
    try {
      this.bootId = bootId();
      this.state = openLogState(dir, this.bootId);
      this.minTime = Math.max(blocksEnd(dir), MIN_TIME);
    } catch (error) {
      this.lock.release();
      throw error;
    }
    this.notices = [...this.lock.notices, ...this.state.notices];
    this.maxRef = this.state.coverage.maxRef;
    this.undo = new UndoLog(this.state.states);
  }

  ref(labels: Labels): number {
    const { states, table, key } = this.state;
    const { scratch, hash } = this;
    scratch.clear();
    encodeLabels(labels, scratch);
    hashLabels(key, scratch.bytes, 0, scratch.length, hash);
    let i = states.find(hash);
    if (i < 0 && table !== undefined) i = table.load(hash, states);
    if (i < 0) {
      i = states.add(hash);
      this.unwritten.set(i, labels);
    }
    return i;
  }

  append(
    refs: Uint32Array,
    ts: Float64Array,
    vs: Float64Array,
    from: number,
    to: number,
    outcomes: Uint8Array,
  ): number {
    const { states } = this.state;
    const { bits } = this;
    const maxTime = this.clock.now() + AHEAD_MS;
    let ok = 0;
    for (let row = from; row < to; row++) {
      const i = refs[row];
      const t = ts[row];
      const last = states.lastT[i];
      if (t < this.minTime) outcomes[row] = Outcome.tooOld;
      else if (t > maxTime) outcomes[row] = Outcome.tooFarAhead;
      else if (t < last) outcomes[row] = Outcome.outOfOrder;
      else {
        readBits(vs, row, bits);
        if (t === last) outcomes[row] = this.repeated(i, ValueKind.float);
        else {
          this.prepare(i, ValueKind.float);
          this.pending.addSample(states.ref[i], t, bits[0], bits[1]);
          states.lastT[i] = t;
          states.lastHigh[i] = bits[0];
          states.lastLow[i] = bits[1];
          outcomes[row] = Outcome.ok;
          ok++;
        }
      }
    }
    return ok;
  }

  appendHistogram(ref: number, t: number, h: Histogram): Outcome {
    const { states } = this.state;
    const { scratch, bits } = this;
    if (t < this.minTime) return Outcome.tooOld;
    if (t > this.clock.now() + AHEAD_MS) return Outcome.tooFarAhead;
    if (t < states.lastT[ref]) return Outcome.outOfOrder;
    scratch.clear();
    encodeHistogram(h, scratch);
    histogramBits(scratch.bytes, HINT_BYTES, scratch.length, bits);
    if (t === states.lastT[ref]) return this.repeated(ref, ValueKind.histogram);
    this.prepare(ref, ValueKind.histogram);
    this.pending.addHistogram(states.ref[ref], t, h);
    states.lastT[ref] = t;
    states.lastHigh[ref] = bits[0];
    states.lastLow[ref] = bits[1];
    return Outcome.ok;
  }

  /** See Appender.appendStart. */
  appendStart(ref: number, t: number, st: number, zero: Histogram | null): Outcome {
    const { lastT } = this.state.states;
    if (!(st > lastT[ref] && st < t && st >= t - START_REACH_MS)) return Outcome.outOfOrder;
    if (zero !== null) return this.appendHistogram(ref, st, zero);
    const { refs, ts, vs, outcomes } = this.zero;
    refs[0] = ref;
    ts[0] = st;
    this.append(refs, ts, vs, 0, 1, outcomes);
    return outcomes[0] as Outcome;
  }

  /** Exemplars of a series must come in the order of their times, and of their values for one time. */
  appendExemplar(ref: number, exemplar: Exemplar): Outcome {
    const { states } = this.state;
    const { scratch } = this;
    const t = exemplar.t!;
    if (isExemplarTooLong(exemplar)) return Outcome.tooLong;
    if (t > this.clock.now() + AHEAD_MS) return Outcome.tooFarAhead;
    if (t < this.minTime) return Outcome.tooOld;
    scratch.clear();
    scratch.float64(exemplar.v);
    encodeLabels(exemplar.labels, scratch);
    const check = checkOf(scratch.bytes, 0, scratch.length);
    const last = states.exemplarT[ref];
    if (t === last && check === states.exemplar[ref]) return Outcome.duplicate;
    // The value of one that an earlier process appended is not known, and so none is taken beside it.
    if (t < last || (t === last && !(exemplar.v > states.exemplarV[ref]))) return Outcome.outOfOrder;
    this.touch(ref);
    this.pending.addExemplar(states.ref[ref], t, exemplar);
    states.exemplarT[ref] = t;
    states.exemplarV[ref] = exemplar.v;
    states.exemplar[ref] = check;
    return Outcome.ok;
  }

  setMetadata(ref: number, metadata: Metadata): void {
    const { states } = this.state;
    const { scratch } = this;
    scratch.clear();
    encodeMetadata(metadata, scratch);
    const check = checkOf(scratch.bytes, 0, scratch.length);
    if (check === states.metadata[ref]) return;
    if (states.ref[ref] === 0) {
      // A series is made by its first sample: without one there is nothing to describe.
      this.deferred.set(ref, metadata);
      return;
    }
    this.touch(ref);
    this.pending.addMetadata(states.ref[ref], metadata);
    states.metadata[ref] = check;
  }

  commit(): void {
    const records = this.pending.finish();
    if (records.length > 0) {
      try {
        this.writer ??= new LogWriter(join(this.dir, 'wal'), this.state.position, this.options);
        for (const record of records) this.writer.log(record);
        this.writer.flush();
      } catch (error) {
        this.writer?.discard();
        this.rollback();
        throw error;
      }
    }
    for (const i of this.undo.series()) {
      this.changed.add(i);
      this.unwritten.delete(i);
      this.deferred.delete(i);
    }
    this.undo.clear();
    this.pending.clear();
  }

  rollback(): void {
    this.undo.restore();
    this.pending.clear();
  }

  /**
   * Makes what was committed survive a power failure, notes it in the table, and lets others write to the directory.
   * What was not committed is lost.
   */
  close(): void {
    this.rollback();
    try {
      this.writer?.close();
      // Also where the log had to be read, so that the next one need not.
      const unnoted = this.state.table === undefined && this.maxRef > 0;
      if (this.writer !== undefined || unnoted) this.updateTable();
    } finally {
      this.state.table?.close();
      this.lock.release();
    }
  }

  /** The outcome of a sample for the time that the series has a sample for; the new one's bits are in `bits`. */
  private repeated(i: number, kind: ValueKind): Outcome {
    const { states } = this.state;
    const same =
      states.kind[i] === kind && states.lastHigh[i] === this.bits[0] && states.lastLow[i] === this.bits[1];
    return same ? Outcome.duplicate : Outcome.conflict;
  }

  /** Has the series ready to take a sample of this kind. */
  private prepare(i: number, kind: ValueKind): void {
    const { states } = this.state;
    const first = this.touch(i);
    if (states.kind[i] !== kind) {
      // Floats and histograms are different records; only what is in one record keeps its order by itself.
      if (!first) this.pending.endSamples();
      states.kind[i] = kind;
    }
  }

  /** Has the series in the log, and what is known of it ready to be taken back. True for the first time. */
  private touch(i: number): boolean {
    if (!this.undo.save(i)) return false;
    const { states } = this.state;
    if (states.ref[i] === 0) {
      states.ref[i] = ++this.maxRef;
      this.pending.addSeries(states.ref[i], this.unwritten.get(i)!);
      const metadata = this.deferred.get(i);
      if (metadata !== undefined) this.setMetadata(i, metadata);
    }
    return true;
  }

  private updateTable(): void {
    const { states, table, key, coverage } = this.state;
    const path = join(this.dir, TABLE_NAME);
    const now = { ...coverage, maxRef: this.maxRef };
    if (this.writer !== undefined) {
      const { segment, offset } = this.writer.position;
      now.segment = segment;
      now.offset = offset;
      now.lastRecord = this.writer.lastRecordStart;
      now.lastHeader = recordHeader(join(this.dir, 'wal', segmentName(segment)), now.lastRecord);
    }
    try {
      if (table !== undefined) table.update(states, this.changed, now);
      else writeRefTable(path, states, key, now, this.bootId);
    } catch {
      // No room for a cache: the samples are in the log, and the next one to append reads that.
      rmSync(path, { force: true });
    }
  }
}
