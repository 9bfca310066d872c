/**
 * A Prometheus-compatible server as a source of raw series: samples by remote read, or where the server has none by
 * queries for range vectors (which leave out stale markers); labels, metadata and exemplars by the HTTP API.
 */
import { InputError } from '../../errors.ts';
import type { SampleColumns } from '../../model/columns.ts';
import { escapeName } from '../../model/escaping.ts';
import type { Exemplar } from '../../model/exemplar.ts';
import type { Histogram } from '../../model/histogram.ts';
import { compareStrings, type Labels, labelsFromObject, METRIC_NAME } from '../../model/labels.ts';
import { Matcher } from '../../model/matcher.ts';
import type { Metadata } from '../../model/metadata.ts';
import { formatApiTimestamp, MAX_TIMESTAMP, MIN_TIMESTAMP } from '../../model/timestamp.ts';
import {
  decodeSampledAnswer,
  decodeStreamedAnswer,
  encodeReadRequest,
  READ_HEADERS,
  STREAMED_TYPE,
} from '../../remote/read-codec.ts';
import type { ExemplarSeries, SelectHints, SeriesSet, Source, TimeRange } from '../source.ts';
import type { ApiAnswer, ApiClient, ApiParams } from './api-client.ts';
import { type QueryData, readQueryData, type ServerSeries } from './query-value.ts';
import { ChunkedSet, SampledSet } from './remote-read-set.ts';
import { ServerSet } from './server-set.ts';

/** A message that claims to be larger when it is decompressed is refused. */
const READ_LIMIT_BYTES = 1 << 30;

/** The answer of a server that has no remote read. VictoriaMetrics says so with status 400, as others say other things. */
function lacksRemoteRead(status: number, body: Uint8Array): boolean {
  if (status === 400) return Buffer.from(body).includes('unsupported path');
  return status === 404 || status === 405 || status === 501;
}

/** Where a range vector must begin that is to have everything. */
const TEN_YEARS_MS = 10 * 365 * 24 * 3_600_000;

export class HttpSource implements Source {
  private readonly api: ApiClient;
  private readonly now: () => number;
  private readonly onWarning: (text: string) => void;
  private hasRemoteRead = true;

  /** `onWarning` is told what a server says beside its data. */
  constructor(api: ApiClient, now: () => number, onWarning: (text: string) => void) {
    this.api = api;
    this.now = now;
    this.onWarning = onWarning;
  }

  async select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    if (hints.labelsOnly) return new LabelsSet(await this.series([matchers], hints, hints.limit ?? 0));
    const set = this.hasRemoteRead ? await this.remoteRead(matchers, hints) : undefined;
    return limited(set ?? (await this.rangeVectors(matchers, hints)), hints.limit ?? 0);
  }

  /** Label sets of the series that satisfy one of the lists, sorted. */
  async series(lists: readonly (readonly Matcher[])[], range: TimeRange, limit: number): Promise<Labels[]> {
    const params = [...lists.map(matchParam), ...rangeParams(range), ...limitParams(limit)];
    const data = this.heeded(await this.api.post<Record<string, string>[]>('series', params));
    return data.map(labelsFromObject).sort((a, b) => a.compare(b));
  }

  async labelNames(matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    const params = [...matchParams(matchers), ...rangeParams(range)];
    return this.heeded(await this.api.post<string[]>('labels', params)).sort(compareStrings);
  }

  async labelValues(name: string, matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    const params = [...matchParams(matchers), ...rangeParams(range)];
    const path = `label/${encodeURIComponent(escapeName(name, 'values'))}/values`;
    return this.heeded(await this.api.get<string[]>(path, params)).sort(compareStrings);
  }

  async metadata(metric?: string): Promise<Map<string, Metadata[]>> {
    const params: ApiParams = metric === undefined ? [] : [['metric', metric]];
    const answer = await this.api.get<Record<string, Metadata[]>>('metadata', params);
    return new Map(Object.entries(this.heeded(answer)));
  }

  async exemplars(lists: readonly (readonly Matcher[])[], range: TimeRange): Promise<ExemplarSeries[]> {
    const found = new Map<string, ExemplarSeries>();
    for (const matchers of lists) {
      const params = [['query', selectorText(matchers)] as const, ...rangeParams(finite(range, this.now()))];
      for (const one of this.heeded(await this.api.post<ExemplarData[]>('query_exemplars', params))) {
        const labels = labelsFromObject(one.seriesLabels);
        found.set(labels.toString(), { labels, exemplars: one.exemplars.map(readExemplar) });
      }
    }
    return [...found.values()].sort((a, b) => a.labels.compare(b.labels));
  }

  /** Of what the server has in memory: its blocks are not told of. */
  async extent(): Promise<TimeRange | undefined> {
    const { headStats } = this.heeded(await this.api.get<Extent>('status/tsdb', []));
    if (headStats === undefined || headStats.minTime > headStats.maxTime) return undefined;
    return { mint: headStats.minTime, maxt: headStats.maxTime };
  }

  async close(): Promise<void> {
    this.api.close();
  }

  private heeded<T>({ data, warnings, infos }: ApiAnswer<T>): T {
    for (const text of [...warnings, ...infos]) {
      // Nobody need be told that there is no more than was asked for.
      if (!text.includes('truncated due to limit')) this.onWarning(text);
    }
    return data;
  }

  private async remoteRead(
    matchers: readonly Matcher[],
    { mint, maxt }: TimeRange,
  ): Promise<SeriesSet | undefined> {
    const content = encodeReadRequest(someMatchers(matchers), mint, maxt);
    const { status, contentType, body } = await this.api.raw('read', '', READ_HEADERS, content);
    if (lacksRemoteRead(status, body)) {
      this.hasRemoteRead = false;
      return undefined;
    }
    const place = { file: this.api.name };
    if (status !== 200) {
      const reason = Buffer.from(body).toString('utf8').trim().slice(0, 500);
      throw new InputError('server_refused', `remote read: ${reason} (HTTP status ${status})`, place);
    }
    try {
      if (contentType.startsWith(STREAMED_TYPE)) return new ChunkedSet(decodeStreamedAnswer(body));
      return new SampledSet(decodeSampledAnswer(body, READ_LIMIT_BYTES));
    } catch (error) {
      throw error instanceof InputError ? error.in(place) : error;
    }
  }

  private async rangeVectors(matchers: readonly Matcher[], range: TimeRange): Promise<SeriesSet> {
    const { mint, maxt } = finite(range, this.now());
    // Windows are left-open.
    const query = `${selectorText(matchers)}[${maxt - mint + 1}ms]`;
    const answer = await this.api.post<QueryData>('query', [
      ['query', query],
      ['time', formatApiTimestamp(maxt)],
    ]);
    const value = readQueryData(this.heeded(answer));
    return new AnswerSet(value.type === 'matrix' ? value.series : []);
  }
}

interface Extent {
  headStats?: { minTime: number; maxTime: number };
}

interface ExemplarData {
  seriesLabels: Record<string, string>;
  exemplars: { labels: Record<string, string>; value: string; timestamp: number }[];
}

function readExemplar({ labels, value, timestamp }: ExemplarData['exemplars'][number]): Exemplar {
  return { labels: labelsFromObject(labels), v: Number(value), t: Math.round(timestamp * 1000) };
}

/** Servers refuse a selector that everything satisfies. */
function someMatchers(matchers: readonly Matcher[]): readonly Matcher[] {
  if (matchers.some(({ matchesEmpty }) => !matchesEmpty)) return matchers;
  return [...matchers, new Matcher('!=', METRIC_NAME, '')];
}

function selectorText(matchers: readonly Matcher[]): string {
  return `{${someMatchers(matchers).join(',')}}`;
}

function matchParam(matchers: readonly Matcher[]): readonly [string, string] {
  return ['match[]', selectorText(matchers)];
}

function matchParams(matchers: readonly Matcher[]): ApiParams {
  return matchers.length === 0 ? [] : [matchParam(matchers)];
}

/** The open ends of a range are left out. */
function rangeParams({ mint, maxt }: TimeRange): ApiParams {
  const params: [string, string][] = [];
  if (mint > MIN_TIMESTAMP) params.push(['start', formatApiTimestamp(mint)]);
  if (maxt < MAX_TIMESTAMP) params.push(['end', formatApiTimestamp(maxt)]);
  return params;
}

function limitParams(limit: number): ApiParams {
  return limit === 0 ? [] : [['limit', String(limit)]];
}

/** Ends for what cannot do without them. */
function finite({ mint, maxt }: TimeRange, now: number): TimeRange {
  const to = maxt === MAX_TIMESTAMP ? now : maxt;
  return { mint: mint === MIN_TIMESTAMP ? to - TEN_YEARS_MS : mint, maxt: to };
}

function limited(set: SeriesSet, limit: number): SeriesSet {
  if (limit === 0 || set.length <= limit) return set;
  return { length: limit, labels: (i) => set.labels(i), read: (i, out) => set.read(i, out) };
}

class LabelsSet implements SeriesSet {
  private readonly all: readonly Labels[];

  constructor(all: readonly Labels[]) {
    this.all = all;
  }

  get length(): number {
    return this.all.length;
  }

  labels(i: number): Labels {
    return this.all[i];
  }

  read(): void {
    throw new Error('only labels were asked for');
  }
}

class AnswerSet extends ServerSet<ServerSeries> {
  read(i: number, out: SampleColumns): void {
    const { t, v, histograms } = this.series[i];
    const base = out.length;
    out.reserve(base + t.length);
    out.t.set(t, base);
    out.v.set(v, base);
    if (histograms !== null && out.histograms === null)
      out.histograms = new Array<Histogram | null>(base).fill(null);
    if (out.histograms !== null)
      for (let row = 0; row < t.length; row++) out.histograms[base + row] = histograms?.[row] ?? null;
    out.length = base + t.length;
  }
}
