/**
 * Imports samples into blocks of a data directory, in one pass over the input and bounded memory. Samples are encoded
 * as they are read (chunk-buffer.ts); whenever they fill the memory, they are written as blocks into a staging folder
 * (staging.ts), from where an import that was cut short goes on. At the end blocks of one range that came from several
 * stretches of input are joined, and all are moved to the data directory at once.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { InputError } from '../../errors.ts';
import { Batch } from '../../exposition/batch.ts';
import type { ExpositionParser } from '../../exposition/parser.ts';
import { SeriesTable } from '../../exposition/series-table.ts';
import type { Labels } from '../../model/index.ts';
import { type BlockMeta, syncTree } from '../block/index.ts';
import { runStepsWithPauses } from '../compaction/index.ts';
import { lockDirectory } from '../lock.ts';
import { writeBlocks } from './block-run.ts';
import { CHUNK_RANGE, ChunkBuffer, NAMES_PART, SERIES_BYTES } from './chunk-buffer.ts';
import { ChunkJoiner } from './chunk-joiner.ts';
import type { CsvOptions } from './csv-parser.ts';
import {
  contextOf,
  createImportParser,
  formatOf,
  type ImportFormat,
  type ImportInput,
  safeCut,
} from './input.ts';
import { joinStagedBlocks } from './staged-blocks.ts';
import { type ImportCounts, type InputPosition, Staging } from './staging.ts';

export interface ImportOptions {
  csv: CsvOptions;
  /** Of all inputs; found out from each if not given. */
  format?: ImportFormat;
  /** Length of the blocks, ms: 2 h (the default) or a multiple of it. */
  blockRange?: number;
  /** About how many bytes to hold before blocks are written. */
  memoryBytes?: number;
  /** Set on every series, whatever it has. */
  labels?: readonly (readonly [name: string, value: string])[];
  signal?: AbortSignal;
  progress?: (progress: ImportProgress) => void;
  onNotice?: (notice: string) => void;
}

export interface ImportProgress {
  phase: 'reading' | 'writing' | 'joining';
  /** Bytes of input, or parts of the work at hand; `total` is 0 where it is not known. */
  done: number;
  total: number;
  samples: number;
}

export interface ImportResult {
  /** By time. */
  blocks: BlockMeta[];
  counts: ImportCounts;
}

const DEFAULT_MEMORY_BYTES = 512 * 1024 * 1024;
/** Times below this, read as milliseconds, are before March 1973: rather, they are seconds. */
const FIRST_MILLISECONDS = 1e11;
/** Longest stretch of work between two turns of the event loop. */
const STRETCH_MS = 20;
const NOT_MET = 0xffffffff;
const NEWLINE = 0x0a;

/**
 * Throws InputError for faults in the input, `locked` where somebody else writes to the directory, or the signal's
 * reason. The directory is then as it was, but for what lets the same import go on.
 */
export async function importSamples(
  dir: string,
  inputs: readonly ImportInput[],
  options: ImportOptions,
): Promise<ImportResult> {
  const isNew = !existsSync(dir);
  mkdirSync(dir, { recursive: true });
  const lock = lockDirectory(dir);
  try {
    for (const notice of lock.notices) options.onNotice?.(notice);
    return await new Importer(dir, inputs, options).run();
  } finally {
    lock.release();
    if (isNew && readdirSync(dir).length === 0) rmdirSync(dir);
  }
}

class Importer {
  private readonly dir: string;
  private readonly inputs: readonly ImportInput[];
  private readonly options: ImportOptions;
  private readonly blockRange: number;
  private readonly memoryBytes: number;
  private readonly staging: Staging;
  /** All inputs can be read again from a position. */
  private resumable: boolean;
  private readonly table = new SeriesTable();
  private readonly batch = new Batch();
  private readonly buffer = new ChunkBuffer();
  private readonly joiner = new ChunkJoiner();
  private readonly counts: ImportCounts;
  /** `born` of each series when it was met first. */
  private met: Uint32Array = new Uint32Array(0);
  private lastPause = performance.now();
  private doneBytes = 0;
  /** Of the last row, -1 before the first. */
  private lastSeries = -1;

  constructor(dir: string, inputs: readonly ImportInput[], options: ImportOptions) {
    this.dir = dir;
    this.inputs = inputs;
    this.options = options;
    this.blockRange = options.blockRange ?? CHUNK_RANGE;
    this.memoryBytes = options.memoryBytes ?? DEFAULT_MEMORY_BYTES;
    const identities = inputs.map(({ identity }) => identity ?? `${process.pid} ${Date.now()}`);
    this.resumable = inputs.every(({ identity }) => identity !== undefined);
    const { format, labels, csv } = options;
    const settings = [this.blockRange, format, labels, [...(csv.columns ?? [])]];
    this.staging = new Staging(dir, JSON.stringify([identities, settings]));
    this.counts = this.staging.note.counts;
  }

  async run(): Promise<ImportResult> {
    const { staging } = this;
    try {
      if (staging.note.finished === undefined) {
        await this.readAll(staging.note.next);
        const steps = joinStagedBlocks(staging, this.dir, this.blockRange, this.joiner, (done, total) =>
          this.report('joining', done, total),
        );
        const finished = await runStepsWithPauses(steps, this.options.signal);
        this.settleCounts();
        // The runs of what can be gone on with are on disk already.
        await syncTree(this.resumable ? staging.joinedDir() : staging.dir);
        staging.finish(finished);
      }
      return { blocks: staging.commit(this.dir), counts: this.counts };
    } catch (error) {
      const interrupted = this.options.signal?.aborted === true;
      if (interrupted && this.resumable && staging.isResumed) {
        const kept = `${this.counts.samples} samples are kept in ${staging.dir}; the same command goes on from there`;
        this.options.onNotice?.(kept);
      } else staging.remove();
      throw error;
    }
  }

  private async readAll(start: InputPosition): Promise<void> {
    if (this.staging.isResumed) {
      const { name } = this.inputs[start.input];
      this.options.onNotice?.(`going on where an earlier import stopped, at byte ${start.offset} of ${name}`);
    }
    for (let i = 0; i < start.input; i++) this.doneBytes += this.inputs[i].sizeBytes ?? 0;
    for (let i = start.input; i < this.inputs.length; i++) {
      await this.read(i, i === start.input ? start : { input: i, offset: 0 });
    }
    await this.writeRun({ input: this.inputs.length, offset: 0 });
  }

  private async read(index: number, start: InputPosition): Promise<void> {
    const input = this.inputs[index];
    const { batch, table } = this;
    let parser: ExpositionParser | undefined;
    let format = start.format as ImportFormat | undefined;
    let offset = start.offset;
    this.doneBytes += offset;
    try {
      for await (const piece of input.pieces(offset)) {
        if (parser === undefined) {
          const known = format ?? this.options.format;
          format = known ?? formatOf(input, piece);
          if (format === 'protobuf') this.resumable = false;
          parser = createImportParser(format, table, this.options.csv);
          if (start.context !== undefined) parser.write(Buffer.from(start.context), batch);
        }
        let from = 0;
        if (this.buffer.isFull(this.memoryBytes)) {
          const cut = Math.max(0, safeCut(piece, format!));
          if (cut > 0) this.parse(parser, piece.subarray(0, cut), format!);
          from = cut;
          if (cut > 0 || format === 'protobuf') {
            const context = this.context(format!);
            await this.writeRun({
              input: index,
              offset: offset + cut,
              format: format!,
              ...(context !== undefined && { context }),
            });
          }
        }
        this.parse(parser, from === 0 ? piece : piece.subarray(from), format!);
        offset += piece.length;
        this.doneBytes += piece.length;
        this.report('reading', this.doneBytes, this.totalBytes);
        await this.pause();
      }
      parser?.end(batch);
      this.take(format!);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw (await inWhole(error, input, start)).in({ file: input.name });
    }
  }

  private parse(parser: ExpositionParser, bytes: Uint8Array, format: ImportFormat): void {
    parser.write(bytes, this.batch);
    this.take(format);
  }

  /** Moves the rows of the batch to the buffer. */
  private take(format: ImportFormat): void {
    const { batch, table, buffer, counts } = this;
    const { series, t, length } = batch;
    const { born } = table;
    if (this.met.length < born.length) this.met = metBefore(this.met, born.length);
    const { met } = this;
    buffer.reserve(table.size);
    let added = 0;
    for (let row = 0; row < length; row++) {
      const s = series[row];
      if (met[s] !== born[s]) {
        met[s] = born[s];
        added++;
      }
      if (!(Math.abs(t[row]) >= FIRST_MILLISECONDS)) this.checkTime(t[row], s, format);
    }
    buffer.noteNew(added);
    const before = buffer.samples;
    let from = 0;
    if (batch.histograms.size > 0) {
      for (const [row, h] of batch.histograms) {
        buffer.append(series, t, batch.v, from, row);
        buffer.appendHistogram(series[row], t[row], h);
        from = row + 1;
      }
    }
    buffer.append(series, t, batch.v, from, length);
    if (length > 0) this.lastSeries = series[length - 1];
    counts.samples += buffer.samples - before;
    counts.exemplars += batch.exemplars.length;
    for (let row = 0; batch.st !== null && row < length; row++)
      if (batch.st[row] !== 0) counts.startTimestamps++;
    batch.clear();
  }

  private checkTime(t: number, series: number, format: ImportFormat): void {
    const { labels } = this.table;
    if (Number.isNaN(t))
      throw new InputError('no_timestamp', `a sample of ${labels[series]} has no timestamp`);
    if (format === 'text' && t > 0 && this.options.format === undefined) {
      const reason = `a sample of ${labels[series]} is of ${new Date(t).toISOString()}: if times are in seconds, this is OpenMetrics (--format openmetrics); else say --format text`;
      throw new InputError('ambiguous_format', reason);
    }
  }

  /** Writes what is in memory as blocks. */
  private async writeRun(next: InputPosition): Promise<void> {
    const { buffer, staging, table, options } = this;
    buffer.closeAll();
    if (buffer.chunks.length > 0) {
      const dir = staging.runDir(staging.note.runs + 1);
      const steps = writeBlocks(dir, buffer, (series) => this.labelsOf(series), {
        blockRange: this.blockRange,
        joiner: this.joiner,
        progress: (done, total) => this.report('writing', done, total),
      });
      await runStepsWithPauses(steps, options.signal);
    }
    buffer.clear();
    this.settleCounts();
    if (this.resumable) await syncTree(staging.runDir(staging.note.runs + 1));
    staging.finishRun(next, this.resumable);
    // What was not seen in this run may be gone for good, and its name takes memory.
    if (table.size * SERIES_BYTES > this.memoryBytes * NAMES_PART) table.evict(1);
    table.nextGeneration();
  }

  /** Adds what was left out since the last time. */
  private settleCounts(): void {
    const { counts, buffer, joiner } = this;
    counts.samples -= joiner.repeated + joiner.conflicting;
    counts.repeated += buffer.repeated + joiner.repeated;
    counts.conflicting += buffer.conflicting + joiner.conflicting;
    for (const from of [buffer, joiner]) from.repeated = from.conflicting = 0;
  }

  private labelsOf(series: number): Labels {
    let labels = this.table.labels[series];
    for (const [name, value] of this.options.labels ?? []) labels = labels.with(name, value);
    return labels;
  }

  /** What a parser has to know that goes on behind the last row. */
  private context(format: ImportFormat): string | undefined {
    const { table, lastSeries } = this;
    const family = lastSeries < 0 ? -1 : table.familyOf[lastSeries];
    return family < 0 ? undefined : contextOf(table.families[family], format);
  }

  private report(phase: ImportProgress['phase'], done: number, total: number): void {
    this.options.progress?.({ phase, done, total, samples: this.counts.samples });
  }

  /** Lets signals in, and ends the work where one says so. */
  private async pause(): Promise<void> {
    if (performance.now() - this.lastPause >= STRETCH_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      this.lastPause = performance.now();
    }
    this.options.signal?.throwIfAborted();
  }

  /** 0 where an input does not say. */
  private get totalBytes(): number {
    let total = 0;
    for (const { sizeBytes } of this.inputs) {
      if (sizeBytes === undefined) return 0;
      total += sizeBytes;
    }
    return total;
  }
}

/** A series that was not met has a value of `born` that none has. */
function metBefore(met: Uint32Array, size: number): Uint32Array {
  const out = new Uint32Array(size).fill(NOT_MET);
  out.set(met);
  return out;
}

/** The fault with its line in the whole input, where the parser began at `start`. */
async function inWhole(error: InputError, input: ImportInput, start: InputPosition): Promise<InputError> {
  if (error.place.line === undefined || start.offset === 0) return error;
  let line = error.place.line - (start.context === undefined ? 0 : 1);
  let rest = start.offset;
  for await (const piece of input.pieces(0)) {
    const end = Math.min(rest, piece.length);
    for (let at = piece.indexOf(NEWLINE); at >= 0 && at < end; at = piece.indexOf(NEWLINE, at + 1)) line++;
    rest -= end;
    if (rest === 0) break;
  }
  return new InputError(error.code, error.reason, { ...error.place, line });
}
