/**
 * What two servers stored and sent of the same targets and rules, compared as far as two clocks allow.
 *
 * Two things are different on purpose (docs/decisions/scraping.md): the series before a sample limit end with the scrape
 * that exceeds it (in Prometheus those of the failed scrape count as still there), and those of a job that a reload
 * removes end with it (in Prometheus they are never ended). So of the job `limited` only what is said about its scrapes is
 * compared, and not when the series of `added` end.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PLAYED } from './configuration.ts';
import type { ReceivedAlert } from './targets.ts';

/** One series' samples; `v` as promtool prints them, NaN for stale markers too. */
export interface Stored {
  t: number[];
  v: string[];
}

export type Dump = Map<string, Stored>;

/** How far two scrapes and two evaluations of the same may be apart: an interval each, and a busy machine. */
const APART_MS = 16_000;

/** What exporters count of their own runtime, and of hardware that comes and goes; series beyond the sample limit. */
const VOLATILE =
  /__name__="(?:more"|go_|process_|promhttp_|node_(?:cooling|softnet|network|scrape|pressure|md|timex|netstat_.*|sockstat))/;

export async function dump(promtool: string, dir: string): Promise<Dump> {
  const child = spawn(promtool, ['tsdb', 'dump', dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const found: Dump = new Map();
  const rows = new Map<string, [t: number, v: string][]>();
  const values = new Map<string, string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const end = line.indexOf('"} ') + 2;
    const space = line.lastIndexOf(' ');
    const series = line.slice(0, end);
    const value = line.slice(end + 1, space);
    if (values.size < 200_000 && !values.has(value)) values.set(value, value);
    const list = rows.get(series) ?? [];
    if (list.length === 0) rows.set(series, list);
    list.push([Number(line.slice(space + 1)), values.get(value) ?? value]);
  }
  for (const [series, list] of rows) {
    list.sort((a, b) => a[0] - b[0]);
    found.set(series, { t: list.map(([t]) => t), v: list.map(([, v]) => v) });
  }
  return found;
}

export class Comparison {
  readonly faults: string[] = [];
  readonly notes: string[] = [];
  /** What came later one of the two may have missed. */
  private readonly until: number;

  constructor(until: number) {
    this.until = until;
  }

  private fault(text: string): void {
    this.faults.push(text);
  }

  stored(ours: Dump, theirs: Dump): void {
    this.seriesSets(ours, theirs);
    for (const job of Object.keys(PLAYED)) this.played(job, ours, theirs);
    this.counts(ours, theirs);
    this.presence(ours, theirs);
    this.values(ours, theirs);
  }

  /** The same series, but for what comes and goes in the exporters themselves. */
  private seriesSets(ours: Dump, theirs: Dump): void {
    const stable = (dump: Dump) =>
      [...dump]
        .filter(([series, { t }]) => !VOLATILE.test(series) && t[0] < this.until)
        .map(([series]) => series);
    const [a, b] = [stable(ours), stable(theirs)];
    for (const series of a)
      if (!theirs.has(series)) this.fault(`only tsmon has ${series} (${size(ours, series)} samples)`);
    for (const series of b)
      if (!ours.has(series)) this.fault(`only Prometheus has ${series} (${size(theirs, series)} samples)`);
    this.notes.push(`series: ${ours.size} in tsmon, ${theirs.size} in Prometheus, ${a.length} compared`);
  }

  /** Scrape by scrape, sample by sample, stale markers and the numbers about the scrape included. */
  private played(job: string, ours: Dump, theirs: Dump): void {
    const [a, b] = [steps(ours, job), steps(theirs, job)];
    const scrapes = Math.min(a.length, b.length) - 1;
    let samples = 0;
    let wrong = 0;
    for (let i = 0; i < scrapes; i++) {
      samples += Object.keys(b[i]).length;
      for (const series of new Set([...Object.keys(a[i]), ...Object.keys(b[i])])) {
        if (a[i][series] === b[i][series]) continue;
        wrong++;
        if (wrong <= 10)
          this.fault(`${job}, scrape ${i}: ${series}: ${a[i][series]} here, ${b[i][series]} there`);
      }
    }
    if (scrapes < 10) this.fault(`${job}: only ${scrapes} scrapes`);
    if (wrong > 10) this.fault(`${job}: ${wrong} samples differ in all`);
    if (Math.abs(a.length - b.length) > 2) this.fault(`${job}: ${a.length} scrapes here, ${b.length} there`);
    this.notes.push(`${job}: ${scrapes} scrapes with ${samples} samples compared, ${wrong} differ`);
  }

  private counts(ours: Dump, theirs: Dump): void {
    let compared = 0;
    for (const [series, { t }] of theirs) {
      const own = ours.get(series);
      if (own === undefined || VOLATILE.test(series)) continue;
      compared++;
      // One at either end; where a series comes and goes with the clock, one each time.
      const spans = spansOf(theirs.get(series)!).length;
      if (/job="(?:added|limited)"/.test(series)) continue;
      if (Math.abs(own.t.length - t.length) > 2 + 3 * spans)
        this.fault(`${series}: ${own.t.length} samples here, ${t.length} there`);
    }
    this.notes.push(`${compared} series have the same number of samples within the tolerance`);
  }

  /** When series that follow the clock were there. */
  private presence(ours: Dump, theirs: Dump): void {
    const watched =
      /__name__="(?:ALERTS|ALERTS_FOR_STATE|sometimes|there|more:level)"|__name__="up", .*job="(?:files|found|added)"/;
    let compared = 0;
    for (const [series, stored] of theirs) {
      const own = ours.get(series);
      if (own === undefined || !watched.test(series)) continue;
      const [a, b] = [own, stored].map((of) => this.spans(series, of));
      compared += b.length;
      if (a.length !== b.length) {
        this.fault(
          `${series}: there ${a.length} times here, ${b.length} times there: ${text(a)} and ${text(b)}`,
        );
        continue;
      }
      for (let i = 0; i < a.length; i++) {
        if (Math.abs(a[i][0] - b[i][0]) > APART_MS || Math.abs(a[i][1] - b[i][1]) > APART_MS)
          this.fault(`${series}: from ${text([a[i]])} here, ${text([b[i]])} there`);
      }
    }
    this.notes.push(`${compared} times of presence of series are the same within ${APART_MS / 1000} s`);
  }

  private spans(series: string, of: Stored): Span[] {
    const ends = /job="added"/.test(series) ? 0 : 1;
    return spansOf(of)
      .filter(([from]) => from < this.until)
      .map(([from, to]) => [from, ends * Math.min(to, this.until)]);
  }

  /** Where values follow the clock: each has its like in the other server within the tolerance. */
  private values(ours: Dump, theirs: Dump): void {
    const exact =
      /__name__="(?:level|flapping|minute|level:sum|site:level:max|level:offset)"|__name__="up", .*job="(?:gone|clock|node|gateway)"|__name__="rows"/;
    const near = /__name__="ALERTS_FOR_STATE"/;
    let compared = 0;
    for (const [series, stored] of theirs) {
      const own = ours.get(series);
      if (own === undefined) continue;
      const same: ((a: string, b: string) => boolean) | undefined = exact.test(series)
        ? (a, b) => a === b
        : near.test(series)
          ? (a, b) => Math.abs(Number(a) - Number(b)) <= APART_MS / 1000
          : undefined;
      if (same === undefined) continue;
      compared += stored.t.length;
      const lost = unlike(own, stored, same) + unlike(stored, own, same);
      if (lost > 0) this.fault(`${series}: ${lost} values have no like in the other server`);
    }
    this.notes.push(`${compared} values that follow the clock compared`);
  }

  sent(ours: readonly ReceivedAlert[], theirs: readonly ReceivedAlert[], from: number, to: number): void {
    const [a, b] = [episodes(ours, from, to), episodes(theirs, from, to)];
    let compared = 0;
    for (const key of new Set([...a.keys(), ...b.keys()])) {
      const [own, other] = [a.get(key) ?? [], b.get(key) ?? []];
      if (own.length !== other.length) {
        this.fault(`alert ${key}: ${own.length} times here, ${other.length} times there`);
        continue;
      }
      for (let i = 0; i < own.length; i++) {
        compared++;
        const apart = (x: number | undefined, y: number | undefined) =>
          x === undefined || y === undefined ? x !== y : Math.abs(x - y) > APART_MS;
        if (apart(own[i].start, other[i].start))
          this.fault(`alert ${key}: starts at ${own[i].start} here, ${other[i].start} there`);
        if (apart(own[i].end, other[i].end))
          this.fault(`alert ${key}: ends at ${own[i].end} here, ${other[i].end} there`);
        if (Math.abs(own[i].sent - other[i].sent) > 2)
          this.fault(`alert ${key}: sent ${own[i].sent} times here, ${other[i].sent} times there`);
        if (Math.abs(own[i].validMs - other[i].validMs) > APART_MS)
          this.fault(`alert ${key}: valid for ${own[i].validMs} ms here, ${other[i].validMs} there`);
      }
    }
    this.notes.push(
      `${ours.length} alerts received here, ${theirs.length} there, ${compared} episodes compared`,
    );
  }
}

interface Episode {
  start: number;
  end: number | undefined;
  sent: number;
  /** How long the receiver may take it for firing without hearing more. */
  validMs: number;
}

/** By labels, annotations and the query of the link; those at the ends of the run left out. */
function episodes(alerts: readonly ReceivedAlert[], from: number, to: number): Map<string, Episode[]> {
  const found = new Map<string, Episode[]>();
  for (const { labels, annotations, generatorURL, startsAt, endsAt, at } of alerts) {
    const start = Date.parse(startsAt);
    const end = Date.parse(endsAt);
    if (start < from || start > to) continue;
    const sorted = (object: Record<string, string> | undefined) =>
      object === undefined ? 'none' : JSON.stringify(Object.entries(object).sort());
    const key = `${sorted(labels)} ${sorted(annotations)} ${new URL(generatorURL).search}`;
    const list = found.get(key) ?? [];
    found.set(key, list);
    let episode = list.find((one) => one.start === start);
    if (episode === undefined) {
      episode = { start, end: undefined, sent: 0, validMs: end - at };
      list.push(episode);
    }
    episode.sent++;
    if (end <= at) episode.end = end;
  }
  return found;
}

function steps(dump: Dump, job: string): Record<string, string>[] {
  const own = [...dump].filter(
    ([series]) => PLAYED[job].test(series) && !series.includes('"scrape_duration_seconds"'),
  );
  const up = own.find(([series]) => series.includes('__name__="up"') && series.includes(`job="${job}"`));
  const found: Record<string, string>[] = (up?.[1].t ?? []).map(() => ({}));
  const index = new Map(up?.[1].t.map((t, i) => [t, i]));
  for (const [series, { t, v }] of own) {
    for (let i = 0; i < t.length; i++) {
      const step = index.get(t[i]);
      if (step !== undefined) found[step][series] = v[i];
    }
  }
  return found;
}

type Span = [from: number, to: number];

/** From its first sample to its stale marker or its last before a gap. */
function spansOf({ t, v }: Stored): Span[] {
  const spans: Span[] = [];
  let open = false;
  for (let i = 0; i < t.length; i++) {
    if (v[i] === 'NaN') {
      open = false;
      continue;
    }
    const last = spans.at(-1);
    if (open && last !== undefined && t[i] - last[1] < 25_000) last[1] = t[i];
    else spans.push([t[i], t[i]]);
    open = true;
  }
  return spans;
}

/** How many of the values of `of` have none that is the same in `other` at about their time. */
function unlike(of: Stored, other: Stored, same: (a: string, b: string) => boolean): number {
  let lost = 0;
  let from = 0;
  const last = other.t.at(-1) ?? 0;
  for (let i = 0; i < of.t.length; i++) {
    if (of.v[i] === 'NaN' || of.t[i] < (other.t[0] ?? 0) || of.t[i] > last) continue;
    while (other.t[from] < of.t[i] - APART_MS) from++;
    let found = false;
    for (let k = from; k < other.t.length && other.t[k] <= of.t[i] + APART_MS && !found; k++)
      found = same(of.v[i], other.v[k]);
    if (!found) lost++;
  }
  return lost;
}

function size(dump: Dump, series: string): number {
  return dump.get(series)!.t.length;
}

function text(spans: readonly Span[]): string {
  return spans.map(([from, to]) => `${time(from)}-${time(to)}`).join(' ');
}

function time(t: number): string {
  return new Date(t).toISOString().slice(11, 19);
}
