import { describe, expect, it } from 'vitest';
import { Batch } from '../../../src/core/exposition/batch.ts';
import { type Labels, labelsFromObject, METRIC_NAME } from '../../../src/core/model/labels.ts';
import { isStale, writeStale } from '../../../src/core/model/value.ts';
import { Intake, type IntakeOptions } from '../../../src/core/scrape/intake.ts';
import { NO_LIMITS } from '../../../src/core/scrape/limits.ts';

const target = labelsFromObject({ instance: 'h:1', job: 'j' });

interface Row {
  series: string | Record<string, string>;
  v: number;
  t?: number;
  exemplar?: string;
}

/** Plays a parser: gives series their numbers, in order of appearance, and rows to an intake. */
class Bench {
  readonly intake: Intake;
  readonly batch = new Batch();
  private now = 0;

  constructor(options: Partial<IntakeOptions> = {}) {
    this.intake = new Intake({
      relabel: (labels: Labels) => labels.with('job', 'j'),
      reportTo: target,
      honorTimestamps: true,
      trackTimestampsStaleness: false,
      limits: NO_LIMITS,
      ...options,
    });
  }

  begin(): void {
    this.now += 1000;
    this.batch.clear();
    this.intake.begin(this.now, this.now);
  }

  give(rows: readonly (Row | string)[]): void {
    const from = this.batch.length;
    for (const given of rows) {
      const { series, v, t, exemplar } = typeof given === 'string' ? ({ series: given, v: 1 } as Row) : given;
      const row = this.batch.push(this.number(series), t ?? Number.NaN, v);
      if (exemplar)
        this.batch.exemplars.push({ row, exemplar: { labels: labelsFromObject({ id: exemplar }), v, t } });
    }
    this.intake.take(this.batch, from);
  }

  scrape(...rows: (Row | string)[]): string[] {
    this.begin();
    this.give(rows);
    this.intake.finish(this.batch);
    return this.rows();
  }

  failing(...rows: (Row | string)[]): string[] {
    this.begin();
    this.give(rows);
    this.intake.fail(this.batch);
    return this.rows();
  }

  rows(): string[] {
    const { batch, intake } = this;
    return Array.from({ length: batch.length }, (_, i) => {
      const value = isStale(batch.v, i) ? 'stale' : String(batch.v[i]);
      const exemplar = batch.exemplars.find(({ row }) => row === i)?.exemplar.labels.get('id');
      return `${intake.cache.final.labels[batch.series[i]]} ${value} @${batch.t[i]}${exemplar ? ` #${exemplar}` : ''}`;
    });
  }

  private number(series: Row['series']): number {
    const labels = labelsFromObject(typeof series === 'string' ? { [METRIC_NAME]: series } : series);
    return this.intake.cache.exposed.intern(labels);
  }
}

describe('the rows of a scrape', () => {
  it('get their final labels, and the time of the scrape where they have none', () => {
    const bench = new Bench();
    expect(bench.scrape('a', { series: { [METRIC_NAME]: 'b', x: 'y' }, v: 2, t: 17 })).toEqual([
      'a{job="j"} 1 @1000',
      'b{job="j", x="y"} 2 @17',
    ]);
    expect(bench.intake.counts).toMatchObject({ scraped: 2, relabelled: 2, added: 2, duplicates: 0 });
  });

  it('get the time of the scrape anyway unless timestamps are honoured', () => {
    const bench = new Bench({ honorTimestamps: false });
    expect(bench.scrape({ series: 'a', v: 1, t: 17 })).toEqual(['a{job="j"} 1 @1000']);
  });

  it('are dropped where relabelling says so, and their exemplars with them', () => {
    const bench = new Bench({ relabel: (labels) => (labels.get(METRIC_NAME) === 'b' ? null : labels) });
    const rows = bench.scrape(
      { series: 'a', v: 1, exemplar: 'one' },
      { series: 'b', v: 2, exemplar: 'two' },
      { series: 'c', v: 3, exemplar: 'three' },
      'b',
      'd',
    );
    expect(rows).toEqual(['a 1 @1000 #one', 'c 3 @1000 #three', 'd 1 @1000']);
    expect(bench.intake.counts).toMatchObject({ scraped: 5, relabelled: 3, added: 3 });
  });

  it('keep NaN payloads when others are dropped', () => {
    const bench = new Bench({ relabel: (labels) => (labels.get(METRIC_NAME) === 'a' ? null : labels) });
    bench.begin();
    bench.give(['a', 'b', 'c']);
    writeStale(bench.batch.v, 2);
    bench.intake.finish(bench.batch);
    expect(bench.rows()).toEqual(['b 1 @1000', 'c stale @1000']);
  });

  it('are stored once where a series comes twice, the first time', () => {
    const bench = new Bench();
    expect(bench.scrape({ series: 'a', v: 1 }, { series: 'a', v: 2 }, 'b')).toEqual([
      'a{job="j"} 1 @1000',
      'b{job="j"} 1 @1000',
    ]);
    expect(bench.intake.counts).toMatchObject({ scraped: 3, relabelled: 3, added: 2, duplicates: 1 });
    expect(String(bench.intake.counts.firstDuplicate)).toBe('a{job="j"}');
  });

  it('are duplicates too where relabelling makes two series one', () => {
    const bench = new Bench({ relabel: (labels) => labels.without('x') });
    const rows = bench.scrape({ series: { [METRIC_NAME]: 'a', x: '1' }, v: 1 }, { series: 'a', v: 2 });
    expect(rows).toEqual(['a 1 @1000']);
  });

  it('may be several of one series with timestamps', () => {
    const bench = new Bench();
    expect(bench.scrape({ series: 'a', v: 1, t: 5 }, { series: 'a', v: 2, t: 6 })).toHaveLength(2);
  });

  it('are left out when they come from more than ten minutes ahead', () => {
    const bench = new Bench();
    const limit = 1000 + 600_000;
    expect(bench.scrape({ series: 'a', v: 1, t: limit }, { series: 'b', v: 1, t: limit + 1 })).toEqual([
      `a{job="j"} 1 @${limit}`,
    ]);
    expect(bench.intake.counts).toMatchObject({ tooFarAhead: 1, relabelled: 2 });
  });

  it('fail the scrape without a name', () => {
    const bench = new Bench({ relabel: (labels) => labels.without(METRIC_NAME) });
    expect(() => bench.scrape({ series: { [METRIC_NAME]: 'a', x: 'y' }, v: 1 })).toThrow(
      'missing metric name',
    );
  });
});

describe('scrape_series_added', () => {
  it('counts what the last successful scrape did not have', () => {
    const bench = new Bench();
    const added = (...rows: string[]) => {
      bench.scrape(...rows);
      return bench.intake.counts.added;
    };
    expect(added('a', 'b')).toBe(2);
    expect(added('a', 'b')).toBe(0);
    expect(added('a', 'c')).toBe(1);
    expect(added('a', 'b', 'c')).toBe(1);
    bench.failing();
    expect(added('a', 'b', 'c')).toBe(0);
  });
});

describe('stale markers', () => {
  it('end a series that vanished, once', () => {
    const bench = new Bench();
    bench.scrape('a', 'b');
    expect(bench.scrape('a')).toEqual(['a{job="j"} 1 @2000', 'b{job="j"} stale @2000']);
    expect(bench.scrape('a')).toEqual(['a{job="j"} 1 @3000']);
  });

  it('end every series when a scrape fails, at whatever point', () => {
    const bench = new Bench();
    bench.scrape('a', 'b');
    expect(bench.failing('a')).toEqual(['a{job="j"} stale @2000', 'b{job="j"} stale @2000']);
    expect(bench.failing()).toEqual([]);
    expect(bench.scrape('a')).toEqual(['a{job="j"} 1 @4000']);
    expect(bench.scrape('b')).toEqual(['b{job="j"} 1 @5000', 'a{job="j"} stale @5000']);
  });

  it('do not end series with timestamps of their own, unless asked for', () => {
    const timed = { series: 'a', v: 1, t: 5 };
    const bench = new Bench();
    bench.scrape(timed);
    expect(bench.scrape()).toEqual([]);
    const tracking = new Bench({ trackTimestampsStaleness: true });
    tracking.scrape(timed);
    expect(tracking.scrape()).toEqual(['a{job="j"} stale @2000']);
  });

  it('end everything when the target goes, the report too', () => {
    const bench = new Bench();
    bench.scrape('a');
    bench.begin();
    bench.intake.end(bench.batch);
    const rows = bench.rows();
    expect(rows).toHaveLength(6);
    expect(rows[0]).toBe('a{job="j"} stale @2000');
    expect(rows[1]).toBe('up{instance="h:1", job="j"} stale @2000');
  });
});

describe('the sample limit', () => {
  it('fails the scrape, which still counts everything', () => {
    const bench = new Bench({ limits: { ...NO_LIMITS, samples: 2 } });
    expect(bench.scrape('a', 'b')).toHaveLength(2);
    expect(() => bench.scrape('a', 'b', 'c')).toThrow('sample limit exceeded');
    expect(bench.intake.counts).toMatchObject({ scraped: 3, relabelled: 3, added: 0 });
    bench.intake.fail(bench.batch);
    expect(bench.rows()).toEqual(['a{job="j"} stale @2000', 'b{job="j"} stale @2000']);
  });

  it('does not count what relabelling drops', () => {
    const relabel = (labels: Labels) => (labels.get(METRIC_NAME) === 'c' ? null : labels);
    const bench = new Bench({ relabel, limits: { ...NO_LIMITS, samples: 2 } });
    expect(bench.scrape('a', 'c', 'b', 'c')).toHaveLength(2);
  });
});

describe('label limits', () => {
  it.each([
    [{ labels: 2 }, 'label_limit exceeded (metric: a, number of labels: 3, limit: 2)'],
    [
      { labelNameBytes: 7 },
      'label_name_length_limit exceeded (metric: a, label name: __name__, length: 8, limit: 7)',
    ],
    [
      { labelValueBytes: 3 },
      'label_value_length_limit exceeded (metric: a, label name: x, length: 4, limit: 3)',
    ],
  ])('%j fail the scrape', (limits, message) => {
    const bench = new Bench({ limits: { ...NO_LIMITS, ...limits } });
    // Two characters, four bytes.
    expect(() => bench.scrape({ series: { [METRIC_NAME]: 'a', x: 'éé' }, v: 1 })).toThrow(message);
  });
});

describe('the report', () => {
  it('follows with the labels of the target', () => {
    const bench = new Bench();
    bench.scrape('a');
    const values = { up: true, durationSeconds: 0.5, scraped: 1, relabelled: 1, added: 1, bodyBytes: 9 };
    bench.intake.addReport(bench.batch, values);
    expect(bench.rows().slice(1)).toEqual([
      'up{instance="h:1", job="j"} 1 @1000',
      'scrape_duration_seconds{instance="h:1", job="j"} 0.5 @1000',
      'scrape_samples_scraped{instance="h:1", job="j"} 1 @1000',
      'scrape_samples_post_metric_relabeling{instance="h:1", job="j"} 1 @1000',
      'scrape_series_added{instance="h:1", job="j"} 1 @1000',
    ]);
  });
});

describe('a target whose series keep changing', () => {
  it('is remembered only as far as it matters', () => {
    const bench = new Bench();
    let largest = 0;
    for (let i = 0; i < 200; i++) {
      const rows = bench.scrape('constant', ...Array.from({ length: 20 }, (_, n) => `churn_${i}_${n}`));
      expect(rows).toHaveLength(i === 0 ? 21 : 41);
      expect(bench.intake.counts.added).toBe(i === 0 ? 21 : 20);
      largest = Math.max(largest, bench.intake.cache.final.size);
    }
    expect(largest).toBeLessThan(1500);
  });
});
