/** What comes of an export request, in memory. */

import type { Exemplar, Histogram, Labels, Metadata } from '../../../src/core/model/index.ts';
import { formatG, formatHistogram, isStale } from '../../../src/core/model/index.ts';
import {
  type ExportOutcome,
  ExportStore,
  type OtlpConfig,
  type TranslatorSettings,
} from '../../../src/core/otlp/index.ts';
import { type Appender, Outcome } from '../../../src/core/source/source.ts';
import { jsonOf, protobufOf, type ResourceMetrics } from './otlp-message.ts';

export const CONFIG: OtlpConfig = {
  promoteAllResourceAttributes: false,
  promoteResourceAttributes: [],
  ignoreResourceAttributes: [],
  translationStrategy: 'UnderscoreEscapingWithSuffixes',
  keepIdentifyingResourceAttributes: false,
  convertHistogramsToNhcb: false,
  promoteScopeMetadata: false,
  labelNameUnderscoreSanitization: true,
  labelNamePreserveMultipleUnderscores: true,
};

export const SETTINGS: TranslatorSettings = {
  config: CONFIG,
  lookbackMs: 300_000,
  nativeDelta: false,
  typeAndUnitLabels: false,
  createdAsStart: false,
};

/** Takes what is newer than what it has. */
export class MemoryAppender implements Appender {
  /** By labels: `value@time`. */
  readonly samples = new Map<string, string[]>();
  readonly histograms: { labels: string; t: number; h: Histogram }[] = [];
  readonly exemplars: { labels: string; exemplar: Exemplar }[] = [];
  readonly metadata = new Map<string, Metadata>();
  readonly starts: string[] = [];
  committed = 0;
  private pending = 0;
  private readonly series: { labels: string; t: number }[] = [];
  private readonly newest = new Map<string, number>();
  private readonly refs = new Map<string, number>();

  ref(labels: Labels): number {
    const text = labels.toString();
    let ref = this.refs.get(text);
    if (ref === undefined) {
      const t = this.newest.get(text) ?? Number.NEGATIVE_INFINITY;
      ref = this.series.push({ labels: text, t }) - 1;
      this.refs.set(text, ref);
    }
    return ref;
  }

  append(
    refs: Uint32Array,
    ts: Float64Array,
    vs: Float64Array,
    from: number,
    to: number,
    outcomes: Uint8Array,
  ): number {
    let ok = 0;
    for (let i = from; i < to; i++) {
      const series = this.series[refs[i]];
      const shown = `${isStale(vs, i) ? 'stale' : formatG(vs[i])}@${ts[i]}`;
      const list = this.samples.get(series.labels) ?? [];
      if (ts[i] > series.t) {
        outcomes[i] = Outcome.ok;
        series.t = ts[i];
        list.push(shown);
        this.samples.set(series.labels, list);
        this.pending++;
        ok++;
      } else if (ts[i] < series.t) outcomes[i] = Outcome.outOfOrder;
      else outcomes[i] = list.at(-1) === shown ? Outcome.duplicate : Outcome.conflict;
    }
    return ok;
  }

  /** Whoever uses the ref from now on fails. */
  forget(ref: number): void {
    const { labels, t } = this.series[ref];
    this.newest.set(labels, t);
    this.refs.delete(labels);
    delete this.series[ref];
  }

  /** How many series are known by a ref. */
  get refCount(): number {
    return this.refs.size;
  }

  appendHistogram(ref: number, t: number, h: Histogram): Outcome {
    this.histograms.push({ labels: this.series[ref].labels, t, h });
    this.pending++;
    return Outcome.ok;
  }

  appendExemplar(ref: number, exemplar: Exemplar): Outcome {
    this.exemplars.push({ labels: this.series[ref].labels, exemplar });
    return Outcome.ok;
  }

  appendStart(ref: number, t: number, st: number): Outcome {
    this.starts.push(`${this.series[ref].labels} ${st} before ${t}`);
    return Outcome.ok;
  }

  setMetadata(ref: number, metadata: Metadata): void {
    this.metadata.set(this.series[ref].labels, metadata);
  }

  commit(): void {
    this.committed += this.pending;
    this.pending = 0;
  }

  rollback(): void {
    this.pending = 0;
  }
}

export interface Stored extends ExportOutcome {
  appender: MemoryAppender;
  /** Sorted, as `series value@time…`. */
  lines: string[];
}

/** Sends both forms, which must come to the same. */
export async function store(
  resources: readonly ResourceMetrics[],
  config: Partial<OtlpConfig> = {},
  settings: Partial<TranslatorSettings> = {},
): Promise<Stored> {
  const all = { ...SETTINGS, ...settings, config: { ...CONFIG, ...config } };
  const json = await storeBytes(Buffer.from(jsonOf(resources)), 'json', all);
  const protobuf = await storeBytes(protobufOf(resources), 'protobuf', all);
  const { appender: _, ...same } = protobuf;
  const { appender: __, ...other } = json;
  if (JSON.stringify(same) !== JSON.stringify(other)) {
    throw new Error(`protobuf: ${JSON.stringify(same)}\njson: ${JSON.stringify(other)}`);
  }
  return protobuf;
}

export async function storeBytes(
  body: Uint8Array,
  form: 'json' | 'protobuf',
  settings: TranslatorSettings = SETTINGS,
): Promise<Stored> {
  const appender = new MemoryAppender();
  const outcome = await new ExportStore(appender).store(body, form, () => settings);
  return { ...outcome, appender, lines: linesOf(appender) };
}

export function linesOf({ samples, histograms, exemplars }: MemoryAppender): string[] {
  return [
    ...[...samples].map(([labels, shown]) => `${labels} ${shown.join(' ')}`),
    ...histograms.map(({ labels, t, h }) => `${labels} ${h.stale ? 'stale' : formatHistogram(h)}@${t}`),
    ...exemplars.map(({ labels, exemplar: { labels: own, v, t } }) => `${labels} # ${own} ${v}@${t}`),
  ].sort();
}
