/** The flags and the samples of promtool's two dumps. */
import { Flags } from '@oclif/core';
import { SampleColumns } from '../core/model/columns.ts';
import type { Histogram } from '../core/model/histogram.ts';
import { EMPTY_LABELS, type Labels } from '../core/model/labels.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from '../core/model/timestamp.ts';
import { parseSelector } from '../core/promql/parser/index.ts';
import { DirectorySource } from '../core/source/directory.ts';
import type { DumpOptions } from '../core/source/dump.ts';
import { mergeSeriesSets } from '../core/tsdb/block/index.ts';
import { CommandFailure, EXIT_FAILED } from './command.ts';
import { requireDatabase } from './promtool-data.ts';

export const dumpFlags = {
  'sandbox-dir-root': Flags.string({ description: "promtool's flag: no sandbox is needed", hidden: true }),
  'min-time': Flags.string({
    description: 'Minimum timestamp to dump, in milliseconds since the Unix epoch',
  }),
  'max-time': Flags.string({
    description: 'Maximum timestamp to dump, in milliseconds since the Unix epoch',
  }),
  match: Flags.string({
    description: 'Series selector; repeat for several',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

interface DumpFlags {
  'min-time'?: string | undefined;
  'max-time'?: string | undefined;
  match?: string[] | undefined;
}

export function dumpOptions(flags: DumpFlags): DumpOptions {
  return {
    mint: limit(flags['min-time'], '--min-time', MIN_TIMESTAMP),
    maxt: limit(flags['max-time'], '--max-time', MAX_TIMESTAMP),
    selectors: (flags.match ?? []).map((selector) => parseSelector(selector)),
  };
}

export interface DumpedSample {
  labels: Labels;
  t: number;
  v: Float64Array;
  /** Of `v`. */
  row: number;
  histogram: Histogram | null;
}

/** Gives the samples of a database, a series after the other, in one object that is used again. */
export async function dumpDatabase(
  dir: string,
  { mint, maxt, selectors }: DumpOptions,
  say: (line: string) => void,
  each: (sample: DumpedSample) => void,
): Promise<void> {
  const source = openDatabase(dir, say);
  try {
    const lists = selectors.length === 0 ? [[]] : selectors;
    const set = mergeSeriesSets(
      await Promise.all(lists.map((matchers) => source.select(matchers, { mint, maxt }))),
    );
    const columns = new SampleColumns();
    const sample: DumpedSample = { labels: EMPTY_LABELS, t: 0, v: columns.v, row: 0, histogram: null };
    for (let i = 0; i < set.length; i++) {
      columns.clear();
      set.read(i, columns);
      sample.labels = set.labels(i);
      sample.v = columns.v;
      for (let row = 0; row < columns.length; row++) {
        if (columns.t[row] < mint || columns.t[row] > maxt) continue;
        sample.t = columns.t[row];
        sample.row = row;
        sample.histogram = columns.histograms?.[row] ?? null;
        each(sample);
      }
    }
  } finally {
    await source.close();
  }
}

/** Damage is told and left out. */
function openDatabase(dir: string, say: (line: string) => void): DirectorySource {
  requireDatabase(dir);
  return new DirectorySource(dir, {
    onDamage: ({ message }) => {
      say(message);
      process.exitCode = EXIT_FAILED;
    },
  });
}

function limit(text: string | undefined, flag: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^-?\d+$/.test(text)) {
    throw new CommandFailure(
      EXIT_FAILED,
      `promtool: error: ${flag}: strconv.ParseInt: parsing "${text}": invalid syntax, try --help`,
    );
  }
  return Math.min(Math.max(Number(text), MIN_TIMESTAMP), MAX_TIMESTAMP);
}
