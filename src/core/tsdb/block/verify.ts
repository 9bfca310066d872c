/**
 * Goes through everything a block consists of: every checksum, the order of everything that is ordered, the index
 * against the chunks, and what meta.json says of both. Finds as much as it can; damage in one place does not end the
 * search in others. Memory: some 100 bytes for each distinct label pair.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { utf8Text } from '../../encoding/byte-reader.ts';
import { CorruptionError } from '../../errors.ts';
import { compareStrings, type Labels, SampleColumns } from '../../model/index.ts';
import { chunkSampleCount, decodeChunk } from '../chunk/index.ts';
import { ChunkMetas, IndexReader, PageCache, PagedFile } from '../index/index.ts';
import { scanTable } from '../index/postings-table.ts';
import { eachSymbol } from '../index/symbols.ts';
import { INDEX_FILE } from './block-reader.ts';
import { CHUNKS_DIR, ChunkSegments } from './chunk-segments.ts';
import { type Finding, Findings } from './findings.ts';
import { type BlockMeta, META_FILE, readBlockMeta } from './meta.ts';
import { readTombstones, TOMBSTONES_FILE } from './tombstones.ts';

export interface VerifyOptions {
  /** Called after each series; may throw, which ends the search. */
  progress?: (seriesDone: number, seriesTotal: number) => void;
}

/** Checks the block in `dir`. Returns what is wrong with it; nothing for a sound one. */
export function verifyBlock(dir: string, options: VerifyOptions = {}): Finding[] {
  const steps = verifyingBlock(dir, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The same in steps of some milliseconds, between which others may work. */
export function* verifyingBlock(dir: string, options: VerifyOptions = {}): Generator<void, Finding[]> {
  const verifier = new BlockVerifier(dir, options);
  yield* verifier.steps();
  return verifier.findings.all;
}

/** Series between two places where others may work. */
const STEP_SERIES = 256;

/** How often a label pair occurs, and a sum over its series, in the series or in the postings. */
interface PairTally {
  count: number;
  sum: number;
}

class BlockVerifier {
  readonly findings = new Findings();
  private readonly dir: string;
  private readonly indexFile: string;
  private readonly options: VerifyOptions;
  private meta: BlockMeta | undefined;
  private readonly metas = new ChunkMetas();
  private readonly columns = new SampleColumns();
  private readonly inSeries = new Map<string, PairTally>();
  /** Whether the labels of any series cannot be read: what postings say of it is then no fault of theirs. */
  private labelsMissing = false;
  private samples = 0;
  private chunks = 0;
  /** Bytes of each segment that chunks take. */
  private readonly usedBytes = new Map<number, number>();

  constructor(dir: string, options: VerifyOptions) {
    this.dir = dir;
    this.indexFile = join(dir, INDEX_FILE);
    this.options = options;
  }

  *steps(): Generator<void, void> {
    this.verifyMeta();
    const cache = new PageCache();
    const index = this.findings.attempt(
      'index',
      this.indexFile,
      () => new IndexReader(this.indexFile, cache),
    );
    let refs: Uint32Array | undefined;
    if (index !== undefined) {
      const segments = new ChunkSegments(join(this.dir, CHUNKS_DIR), cache);
      try {
        if (index.version === 2) this.verifySymbols(index);
        refs = this.findings.attempt('postings', this.indexFile, () => index.allPostings());
        if (refs !== undefined) {
          yield* this.verifySeries(index, segments, refs);
          this.verifyPostings(index, refs);
          this.verifyUse(segments);
          this.verifyStats(refs.length);
        }
      } finally {
        segments.close();
        index.close();
      }
    }
    this.verifyTombstones(refs);
  }

  private verifyMeta(): void {
    const file = join(this.dir, META_FILE);
    this.meta = this.findings.attempt('meta', file, () => readBlockMeta(this.dir));
    if (this.meta === undefined) return;
    const { ulid, minTime, maxTime } = this.meta;
    if (ulid !== basename(this.dir)) this.findings.warn('meta', file, `says that the block is ${ulid}`);
    if (minTime >= maxTime) this.findings.error('meta', file, `has the time range ${minTime} to ${maxTime}`);
  }

  private verifySymbols(index: IndexReader): void {
    const file = new PagedFile(this.indexFile);
    this.findings.attempt('symbols', this.indexFile, () => {
      let last: string | undefined;
      eachSymbol(file, index.toc.symbols, (bytes, start, end) => {
        const symbol = utf8Text(bytes, start, end);
        if (last !== undefined && compareStrings(last, symbol) >= 0) {
          this.findings.error('symbols', this.indexFile, `has symbol ${JSON.stringify(symbol)} out of order`);
        }
        last = symbol;
      });
    });
    file.close();
  }

  private *verifySeries(
    index: IndexReader,
    segments: ChunkSegments,
    refs: Uint32Array,
  ): Generator<void, void> {
    let last: Labels | undefined;
    let lastRef = -1;
    for (let i = 0; i < refs.length; i++) {
      const ref = refs[i];
      if (ref <= lastRef)
        this.findings.error('postings', this.indexFile, `lists series ${ref} after series ${lastRef}`);
      lastRef = ref;
      const labels = this.findings.attempt('series', this.indexFile, () => index.labels(ref));
      if (labels === undefined) this.labelsMissing = true;
      this.findings.attempt('series', this.indexFile, () => {
        if (labels === undefined) return;
        this.verifyLabels(labels, last, ref);
        last = labels;
        this.metas.length = 0;
        index.chunks(ref, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, this.metas);
        this.verifyChunks(labels, segments);
      });
      this.options.progress?.(i + 1, refs.length);
      if (i % STEP_SERIES === STEP_SERIES - 1) yield;
    }
  }

  private verifyLabels(labels: Labels, last: Labels | undefined, ref: number): void {
    const { names, values } = labels;
    for (let i = 0; i < names.length; i++) {
      if (i > 0 && compareStrings(names[i - 1], names[i]) >= 0) {
        this.findings.error('series', this.indexFile, `has label ${names[i]} out of order`, labels);
      }
      const key = `${names[i]}\xff${values[i]}`;
      let tally = this.inSeries.get(key);
      if (tally === undefined) this.inSeries.set(key, (tally = { count: 0, sum: 0 }));
      tally.count++;
      tally.sum = (tally.sum + mixed(ref)) | 0;
    }
    if (names.length === 0)
      this.findings.error('series', this.indexFile, 'has a series without labels', labels);
    if (last !== undefined && last.compare(labels) >= 0) {
      this.findings.error('series', this.indexFile, `has the series after ${last}`, labels);
    }
  }

  private verifyChunks(labels: Labels, segments: ChunkSegments): void {
    const { metas } = this;
    if (metas.length === 0) this.findings.error('series', this.indexFile, 'has no chunks', labels);
    let before = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < metas.length; c++) {
      const mint = metas.mint[c];
      const maxt = metas.maxt[c];
      if (mint <= before) {
        this.findings.error(
          'chunk-order',
          this.indexFile,
          `has a chunk from ${mint} on after one to ${before}`,
          labels,
        );
      }
      before = maxt;
      if (this.meta !== undefined && (mint < this.meta.minTime || maxt >= this.meta.maxTime)) {
        this.findings.error(
          'chunk-range',
          this.indexFile,
          `has a chunk ${mint} to ${maxt}, not in the block's range`,
          labels,
        );
      }
      const ref = metas.ref[c];
      const { file, offset } = segments.place(ref);
      this.chunks++;
      this.findings.attempt('chunk', file, () => this.verifyChunk(segments, ref, mint, maxt), labels, offset);
    }
  }

  private verifyChunk(segments: ChunkSegments, ref: number, mint: number, maxt: number): void {
    const place = segments.place(ref);
    const { encoding, bytes, start, end } = segments.read(ref);
    const segment = Math.floor(ref / 2 ** 32);
    this.usedBytes.set(segment, (this.usedBytes.get(segment) ?? 0) + segments.storedBytes(end - start));
    const { columns } = this;
    columns.clear();
    const count = chunkSampleCount(encoding, bytes, start);
    try {
      decodeChunk(encoding, bytes, start, end, columns);
    } catch (error) {
      throw error instanceof CorruptionError ? new CorruptionError(error.reason, place) : error;
    }
    const { t, length } = columns;
    if (length === 0 || length !== count)
      throw new CorruptionError(`has ${length} of ${count} samples`, place);
    this.samples += length;
    for (let i = 1; i < length; i++) {
      if (!(t[i] > t[i - 1]))
        throw new CorruptionError(`has a sample at ${t[i]} after one at ${t[i - 1]}`, place);
    }
    if (t[0] !== mint || t[length - 1] !== maxt) {
      const reason = `has samples from ${t[0]} to ${t[length - 1]}, but the index says ${mint} to ${maxt}`;
      throw new CorruptionError(reason, place);
    }
  }

  /** Whether each label has the series in its postings that have it. */
  private verifyPostings(index: IndexReader, refs: Uint32Array): void {
    const known = new Set(refs);
    const file = new PagedFile(this.indexFile);
    this.findings.attempt('postings', this.indexFile, () => {
      scanTable(file, index.toc.postingsOffsetTable, (name, value, offset) => {
        if (name === '' && value === '') return;
        const label = `${name}=${JSON.stringify(value)}`;
        this.findings.attempt('postings', this.indexFile, () => {
          const postings = index.postingsAt(offset);
          let sum = 0;
          for (let i = 0; i < postings.length; i++) {
            if (!known.has(postings[i])) {
              this.findings.error(
                'postings',
                this.indexFile,
                `has series ${postings[i]} with ${label}, which is not there`,
              );
            }
            if (i > 0 && postings[i] <= postings[i - 1]) {
              this.findings.error('postings', this.indexFile, `has the series of ${label} out of order`);
            }
            sum = (sum + mixed(postings[i])) | 0;
          }
          if (this.labelsMissing) return;
          const tally = this.inSeries.get(`${name}\xff${value}`);
          if (tally?.count !== postings.length || tally.sum !== sum) {
            const reason = `lists ${postings.length} series for ${label}, but ${tally?.count ?? 0} have it`;
            this.findings.error('postings', this.indexFile, reason);
          }
          this.inSeries.delete(`${name}\xff${value}`);
        });
      });
      if (this.labelsMissing) return;
      for (const [key, { count }] of this.inSeries) {
        const label = key.replace('\xff', '=');
        this.findings.error(
          'postings',
          this.indexFile,
          `does not list label ${label}, which ${count} series have`,
        );
      }
    });
    file.close();
  }

  private verifyUse(segments: ChunkSegments): void {
    if (this.findings.hasError) return;
    for (let segment = 0; segment < segments.count; segment++) {
      const { file } = segments.place(segment * 2 ** 32);
      const size = this.findings.attempt('chunk', file, () => segments.dataBytes(segment));
      if (size === undefined) continue;
      const unused = size - (this.usedBytes.get(segment) ?? 0);
      if (unused > 0)
        this.findings.warn('unused-bytes', file, `has ${unused} bytes that no series refers to`);
    }
  }

  private verifyStats(series: number): void {
    const { stats } = this.meta ?? {};
    if (stats === undefined || this.findings.hasError) return;
    const file = join(this.dir, META_FILE);
    for (const [what, said, found] of [
      ['series', stats.numSeries, series],
      ['chunks', stats.numChunks, this.chunks],
      ['samples', stats.numSamples, this.samples],
    ] as const) {
      if ((said ?? 0) !== found)
        this.findings.warn('stats', file, `says ${said ?? 0} ${what}, but there are ${found}`);
    }
  }

  private verifyTombstones(refs: Uint32Array | undefined): void {
    const file = join(this.dir, TOMBSTONES_FILE);
    if (!existsSync(file)) return;
    const tombstones = this.findings.attempt('tombstones', file, () => readTombstones(this.dir));
    if (tombstones === undefined || refs === undefined) return;
    const known = new Set(refs);
    for (const [ref] of tombstones) {
      if (!known.has(ref))
        this.findings.warn('tombstones', file, `deletes from series ${ref}, which is not there`);
    }
  }
}

/** Spreads a ref over 32 bits, so that sums of different sets differ. */
function mixed(ref: number): number {
  const x = Math.imul(ref ^ (ref >>> 15), 0x2c1b3c6d);
  return Math.imul(x ^ (x >>> 12), 0x297a2d39) ^ (x >>> 15);
}
