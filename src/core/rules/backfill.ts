/**
 * Writes what rules would have recorded over a stretch of the past as blocks: recording rules and the state of alerts.
 * Samples that the directory has already are left out, so that a second run writes nothing. Blocks appear a stretch of
 * time after the other, each when it is complete: what is interrupted goes on by being run again.
 */
import { existsSync } from 'node:fs';
import { SampleColumns } from '../model/columns.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { Matcher } from '../model/matcher.ts';
import { DirectorySource } from '../source/directory.ts';
import { MemorySource } from '../source/memory.ts';
import type { Source } from '../source/source.ts';
import type { BlockMeta } from '../tsdb/block/index.ts';
import { copySamples } from '../tsdb/copy/index.ts';
import { type HistoryFailure, type HistoryOptions, RuleHistory } from './history.ts';
import type { RuleFile } from './rule-file.ts';

export interface BackfillOptions extends HistoryOptions {
  /** Length of the blocks, ms. */
  blockRange: number;
  /** Whether the state of alerts is written, or only what recording rules yield. */
  alerts?: boolean;
  onNotice?: (notice: string) => void;
}

export interface BackfillResult {
  blocks: BlockMeta[];
  /** Samples written, and those that were there already. */
  samples: number;
  known: number;
  failures: HistoryFailure[];
}

/** At least this much is evaluated at once, ms. */
const LEAST_WINDOW_MS = 24 * 3_600_000;

/**
 * From `start` to `end` (ms, inclusive), into the data directory `to`. Throws what the source does, InputError `locked`
 * where somebody else writes to the directory, and the signal's reason; complete blocks stay.
 */
export async function backfill(
  files: readonly RuleFile[],
  source: Source,
  to: string,
  start: number,
  end: number,
  options: BackfillOptions,
): Promise<BackfillResult> {
  const { blockRange, signal, onNotice } = options;
  const windowMs = Math.ceil(LEAST_WINDOW_MS / blockRange) * blockRange;
  const history = new RuleHistory(files, source, { ...options, windowMs });
  const result: BackfillResult = { blocks: [], samples: 0, known: 0, failures: history.failures };
  let window = new MemorySource();
  await history.play(start, end, {
    samples: ({ config }, labels, columns) => {
      if (config.kind === 'record' || options.alerts !== false) window.add(labels, columns);
    },
    upTo: async () => {
      result.known += await withoutKnown(window, to);
      if ((await window.extent()) !== undefined) {
        const { blocks, samples } = await copySamples([window], to, {
          blockRange,
          ...(signal !== undefined && { signal }),
          ...(onNotice !== undefined && { onNotice }),
        });
        result.blocks.push(...blocks);
        result.samples += samples;
      }
      window = new MemorySource();
    },
  });
  return result;
}

/** Takes away the samples for whose time the directory has one already; returns how many. */
async function withoutKnown(window: MemorySource, dir: string): Promise<number> {
  const extent = await window.extent();
  if (extent === undefined || !existsSync(dir)) return 0;
  const directory = new DirectorySource(dir);
  let known = 0;
  try {
    const columns = new SampleColumns();
    for (const name of await window.labelValues(METRIC_NAME, [], extent)) {
      const set = await directory.select([new Matcher('=', METRIC_NAME, name)], extent);
      for (let i = 0; i < set.length; i++) {
        const series = window.series(set.labels(i));
        if (series.length === 0) continue;
        columns.clear();
        set.read(i, columns);
        known += series.removeTimes(columns.t, columns.length);
      }
    }
  } finally {
    await directory.close();
  }
  return known;
}
