/** An analysis, and the comparison of two, as text for people and as a record for programs. */
import { formatByteSize } from '../core/model/byte-size.ts';
import { formatTimestamp } from '../core/model/timestamp.ts';
import type {
  Analysis,
  Change,
  ChunkShape,
  ChunkShapes,
  Comparison,
  Ranked,
  Totals,
} from '../core/tsdb/analyze/index.ts';
import { lengthOf } from './block-printer.ts';
import type { Painter } from './paint.ts';
import { type Column, tableLines } from './text-table.ts';

export interface AnalysisStyle {
  /** Entries of each list, 0 for all. */
  limit: number;
  /** The label by whose values series are grouped. */
  by: string;
  width: number;
  paint: Painter;
}

/** Lists by what they are about; those that cannot be made of the analysis are left out. */
export function analysisLists(analysis: Analysis, { limit, by }: Pick<AnalysisStyle, 'limit' | 'by'>): Lists {
  const { durationMs, chunkBytes } = analysis.totals;
  // So many series that come and go have, together, samples for none of the time.
  const churn = (list: Ranked[]) =>
    list.map(({ name, count }) => ({ name, count: Math.floor(count / durationMs!) }));
  return {
    metricsBySeries: analysis.topValues('series', limit),
    labelsByValues: analysis.topNames('values', limit),
    labelsByValueBytes: analysis.topNames('valueBytes', limit),
    pairsBySeries: analysis.topPairs('series', limit),
    groupsBySeries: analysis.topValues('series', limit, by),
    ...(chunkBytes !== undefined && {
      metricsByChunkBytes: analysis.topValues('bytes', limit),
      groupsByChunkBytes: analysis.topValues('bytes', limit, by),
    }),
    ...(durationMs !== undefined && {
      pairsByChurn: churn(analysis.topPairs('uncoveredMs', limit)),
      labelsByChurn: churn(analysis.topNames('uncoveredMs', limit)),
    }),
  };
}

type Lists = Record<string, Ranked[]>;

export function analysisRecord(
  analysis: Analysis,
  shapes: ChunkShapes | undefined,
  style: Pick<AnalysisStyle, 'limit' | 'by'>,
): Record<string, unknown> {
  const lists = analysisLists(analysis, style);
  return {
    subject: analysis.subject,
    totals: analysis.totals,
    ...lists,
    ...(shapes !== undefined && { shapes }),
  };
}

export function analysisLines(
  analysis: Analysis,
  shapes: ChunkShapes | undefined,
  style: AnalysisStyle,
): string[] {
  const lists = analysisLists(analysis, style);
  const { by, paint, width } = style;
  const titles: [string, string, string, (count: number) => string][] = [
    ['metricsBySeries', 'SERIES', 'METRIC', String],
    ['labelsByValues', 'VALUES', 'LABEL', String],
    ['labelsByValueBytes', 'LENGTH OF VALUES', 'LABEL', formatByteSize],
    ['pairsBySeries', 'SERIES', 'LABEL PAIR', String],
    ['groupsBySeries', 'SERIES', by.toUpperCase(), String],
    ['metricsByChunkBytes', 'CHUNKS', 'METRIC', formatByteSize],
    ['groupsByChunkBytes', 'CHUNKS', by.toUpperCase(), formatByteSize],
    ['pairsByChurn', 'CHURN', 'LABEL PAIR', String],
    ['labelsByChurn', 'CHURN', 'LABEL', String],
  ];
  const lines = [paint.bold(analysis.subject), ...totalLines(analysis.totals)];
  if (shapes?.float !== undefined) lines.push(...shapeLines('float', shapes.float));
  if (shapes?.histogram !== undefined) {
    const { buckets } = shapes.histogram;
    lines.push(...shapeLines('histogram', shapes.histogram));
    lines.push(row('', `${buckets.min}/${buckets.avg}/${buckets.max} buckets (min/avg/max)`));
  }
  for (const [key, countTitle, nameTitle, format] of titles) {
    const list = lists[key] ?? [];
    if (!list.some(({ count }) => count > 0)) continue;
    const columns: Column[] = [
      { title: countTitle, align: 'right', shrinks: false },
      { title: nameTitle, align: 'left', shrinks: true },
    ];
    const rows = list.map(({ name, count }) => [format(count), name]);
    lines.push('', ...tableLines(columns, rows, width, (title) => paint.bold(title)));
  }
  return lines;
}

function totalLines(totals: Totals): string[] {
  const { series, allSeries, durationMs, chunks, samples, chunkBytes, indexBytes } = totals;
  const lines = [row('time', span(totals))];
  const matched = allSeries !== undefined && allSeries !== series;
  lines.push(row('series', matched ? `${series} of ${allSeries}` : String(series)));
  lines.push(row('label names', String(totals.labelNames)));
  lines.push(row('label pairs', `${totals.labelPairs}, ${totals.labelPairEntries} in all series`));
  if (chunks !== undefined && series > 0) {
    const bytes = chunkBytes ?? 0;
    lines.push(
      row(
        'chunks',
        `${chunks}, ${(chunks / series).toFixed(1)} a series; ${formatByteSize(bytes)}, ${Math.round(bytes / series)} bytes a series`,
      ),
    );
    if (samples !== undefined && samples > 0) {
      const each = (chunkBytes ?? 0) / samples;
      lines.push(
        row('samples', `${samples}, ${Math.round(samples / series)} a series; ${each.toFixed(2)} bytes each`),
      );
    }
  }
  if (indexBytes !== undefined && allSeries !== undefined && durationMs !== undefined) {
    const each = allSeries === 0 ? 0 : Math.round(indexBytes / allSeries);
    lines.push(row('index', `${formatByteSize(indexBytes)}, ${each} bytes a series`));
  }
  return lines;
}

function shapeLines(kind: string, { chunks, samples, bytes }: ChunkShape): string[] {
  return [
    row(`${kind} chunks`, `${chunks}`),
    row('', `${samples.min}/${samples.avg}/${samples.max} samples (min/avg/max)`),
    row('', `${bytes.min}/${bytes.avg}/${bytes.max} bytes (min/avg/max)`),
  ];
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(18)}${text}`;
}

function span({ mint, maxt }: Totals): string {
  return `${formatTimestamp(mint)} to ${formatTimestamp(maxt)} (${lengthOf(maxt + 1 - mint)})`;
}

export function comparisonRecord(
  before: Analysis,
  after: Analysis,
  comparison: Comparison,
): Record<string, unknown> {
  const of = ({ subject, totals }: Analysis) => ({ subject, totals });
  return { before: of(before), after: of(after), ...comparison };
}

export function comparisonLines(
  before: Analysis,
  after: Analysis,
  comparison: Comparison,
  { by, paint, width }: AnalysisStyle,
): string[] {
  const lines = [
    `${paint.bold('before')}  ${before.subject}, ${span(before.totals)}`,
    `${paint.bold('after')}   ${after.subject}, ${span(after.totals)}`,
  ];
  const sections: [Change[], string][] = [
    [comparison.totals, 'TOTAL'],
    [comparison.metrics, 'SERIES OF METRIC'],
    [comparison.groups, `SERIES OF ${by.toUpperCase()}`],
    [comparison.pairs, 'SERIES OF LABEL PAIR'],
    [comparison.names, 'VALUES OF LABEL'],
  ];
  for (const [changes, title] of sections) {
    if (changes.length === 0) continue;
    const columns: Column[] = [
      ...['BEFORE', 'AFTER', 'CHANGE'].map(
        (name): Column => ({ title: name, align: 'right', shrinks: false }),
      ),
      { title, align: 'left', shrinks: true },
    ];
    const rows = changes.map(({ name, before: from, after: to }) => [
      String(from),
      String(to),
      to >= from ? `+${to - from}` : String(to - from),
      name,
    ]);
    lines.push('', ...tableLines(columns, rows, width, (text) => paint.bold(text)));
  }
  return lines;
}
