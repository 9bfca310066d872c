import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { Batch } from '../../../src/core/exposition/batch.ts';
import { createParser } from '../../../src/core/exposition/format.ts';
import type { ExpositionFormat } from '../../../src/core/exposition/parser.ts';
import { SeriesTable } from '../../../src/core/exposition/series-table.ts';
import type { Exemplar, Histogram, Labels, Metadata } from '../../../src/core/model/index.ts';
import { BatchAppender } from '../../../src/core/source/batch-appender.ts';
import { type Appender, Outcome } from '../../../src/core/source/source.ts';

/** Writes down what it is given; refuses times before 100. */
class Recorder implements Appender {
  readonly calls: string[] = [];
  private readonly names: string[] = [];

  ref(labels: Labels): number {
    this.calls.push(`ref ${labels}`);
    return this.names.push(labels.toString()) - 1;
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
    for (let row = from; row < to; row++) {
      outcomes[row] = ts[row] < 100 ? Outcome.tooOld : Outcome.ok;
      if (outcomes[row] === Outcome.ok) ok++;
      this.calls.push(`${this.names[refs[row]]} ${vs[row]} @${ts[row]}`);
    }
    return ok;
  }

  appendHistogram(ref: number, t: number, h: Histogram): Outcome {
    this.calls.push(`${this.names[ref]} histogram ${h.count} @${t}`);
    return Outcome.duplicate;
  }

  appendExemplar(ref: number, { v, t }: Exemplar): Outcome {
    this.calls.push(`${this.names[ref]} exemplar ${v} @${t}`);
    return t! < 100 ? Outcome.tooOld : Outcome.ok;
  }

  setMetadata(ref: number, { type, help }: Metadata): void {
    this.calls.push(`${this.names[ref]} is a ${type}: ${help}`);
  }

  commit(): void {}
  rollback(): void {}
}

function setUp(format: ExpositionFormat, time?: number) {
  const table = new SeriesTable();
  const parser = createParser(format, table, { concatenated: true });
  const recorder = new Recorder();
  const now = { value: 1000 };
  const intake = new BatchAppender(recorder, table, { now: () => now.value } as Clock, { time });
  const batch = new Batch();
  return {
    now,
    counts: intake.counts,
    feed(text: string): string[] {
      parser.write(Buffer.from(text), batch);
      parser.end(batch);
      intake.append(batch);
      expect(batch.length).toBe(0);
      return recorder.calls.splice(0);
    },
  };
}

describe('BatchAppender', () => {
  it('asks for a ref and says the metadata once', () => {
    const { feed } = setUp('text');
    const text = '# HELP a About a.\n# TYPE a gauge\na 1 200\na 2 201\n';
    expect(feed(text)).toEqual(['ref a', 'a is a gauge: About a.', 'a 1 @200', 'a 2 @201']);
    expect(feed(text.replaceAll('20', '30'))).toEqual(['a 1 @300', 'a 2 @301']);
    expect(feed('# HELP a New.\na 3 400\n')).toEqual(['a is a gauge: New.', 'a 3 @400']);
  });

  it('gives samples without a time one, which is another for the next scrape', () => {
    const { feed, now } = setUp('text');
    expect(feed('a 1\nb 1\nc 1 500\n').filter((call) => call.includes('@'))).toEqual([
      'a 1 @1000',
      'b 1 @1000',
      'c 1 @500',
    ]);
    now.value = 2000;
    expect(feed('c 1\na 2\nb 2\n')).toEqual(['c 1 @1000', 'a 2 @2000', 'b 2 @2000']);
    const fixed = setUp('text', 77_000);
    fixed.now.value = 3000;
    expect(fixed.feed('a 1\na 2\n')).toEqual(['ref a', 'a 1 @77000', 'a 2 @77000']);
  });

  it('keeps rows in order where histograms stand among them, and exemplars in the order of time', () => {
    const { feed, counts } = setUp('jsonl');
    const h = '{"schema":0,"count":3,"sum":1}';
    const lines = [
      '{"metric":{"__name__":"f"},"values":[1],"timestamps":[200]}',
      `{"metric":{"__name__":"h"},"histograms":[${h},${h}],"timestamps":[200,201],"exemplars":[` +
        '{"row":0,"labels":{},"value":2,"timestamp":150},{"row":0,"labels":{},"value":1,"timestamp":150},' +
        '{"row":0,"labels":{},"value":3,"timestamp":90},{"row":1,"labels":{},"value":4}]}',
      '{"metric":{"__name__":"f"},"values":[2],"timestamps":[201],"start_timestamps":[5]}',
    ];
    expect(feed(`${lines.join('\n')}\n`).filter((call) => call.includes('@'))).toEqual([
      'f 1 @200',
      'h histogram 3 @200',
      'h histogram 3 @201',
      'f 2 @201',
      'h exemplar 3 @90',
      'h exemplar 1 @150',
      'h exemplar 2 @150',
      'h exemplar 4 @201',
    ]);
    expect(counts.samples[Outcome.ok]).toBe(2);
    expect(counts.samples[Outcome.duplicate]).toBe(2);
    expect(counts.refused).toBe(0);
    expect(counts.exemplars[Outcome.ok]).toBe(3);
    expect(counts.refusedExemplars).toBe(1);
    expect(counts.startTimestamps).toBe(1);
  });

  it('counts outcomes and remembers the first of each kind', () => {
    const { feed, counts } = setUp('text');
    feed('a{x="1"} 1 50\na{x="2"} 1 60\nb 1 200\n');
    expect(counts.samples[Outcome.tooOld]).toBe(2);
    expect(counts.samples[Outcome.ok]).toBe(1);
    expect(counts.refused).toBe(2);
    expect(counts.first.get(Outcome.tooOld)).toEqual({ series: 'a{x="1"}', t: 50 });
  });
});
