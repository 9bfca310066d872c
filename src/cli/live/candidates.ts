/** Everything that may complete a word: functions, aggregations and keywords, and what the worker knows of the data. */
import { FUNCTIONS } from '../../core/promql/parser/index.ts';
import { isAggregator, KEYWORDS } from '../../core/promql/parser/token.ts';
import type { Candidate, CompletionContext } from './completion.ts';
import type { QueryClient } from './query-client.ts';

const DURATIONS: readonly Candidate[] = ['1m', '5m', '15m', '30m', '1h', '6h', '1d', '7d'].map((text) => ({
  text,
  detail: '',
}));

const LANGUAGE: readonly Candidate[] = [
  ...[...FUNCTIONS.values()].map(({ name, argTypes, returnType }) => ({
    text: `${name}(`,
    detail: `function (${argTypes.join(', ')}) gives ${returnType}`,
  })),
  ...[...KEYWORDS].map(([word, kind]) => ({
    text: isAggregator(kind) ? `${word}(` : word,
    detail: isAggregator(kind) ? 'aggregation' : 'keyword',
  })),
];

/** Asks the worker once for each thing. */
export class Candidates {
  private readonly client: QueryClient;
  private metrics: Promise<readonly Candidate[]> | null = null;
  private readonly lookups = new Map<string, Promise<readonly Candidate[]>>();

  constructor(client: QueryClient) {
    this.client = client;
  }

  /** Forgets what was looked up: the data may have changed. */
  refresh(): void {
    this.metrics = null;
    this.lookups.clear();
  }

  async for({ kind, metric, label }: CompletionContext): Promise<readonly Candidate[]> {
    switch (kind) {
      case 'name':
        this.metrics ??= this.askMetrics();
        return [...(await this.metrics), ...LANGUAGE];
      case 'label':
        return this.lookUp(`label ${metric}`, () => this.client.ask<'labels'>({ kind: 'labels', metric }));
      case 'value':
        return this.lookUp(`value ${label} ${metric}`, () =>
          this.client.ask<'values'>({ kind: 'values', label, metric }),
        );
      case 'duration':
        return DURATIONS;
      case 'none':
        return [];
    }
  }

  private async askMetrics(): Promise<readonly Candidate[]> {
    const metrics = await this.client.ask<'metrics'>({ kind: 'metrics' });
    return metrics.map(({ name, type, help }) => ({
      text: name,
      detail: [type, help].filter(Boolean).join('  '),
    }));
  }

  private lookUp(key: string, ask: () => Promise<string[]>): Promise<readonly Candidate[]> {
    let found = this.lookups.get(key);
    if (found === undefined) {
      found = ask().then((texts) =>
        texts.filter((text) => text !== '__name__').map((text) => ({ text, detail: '' })),
      );
      this.lookups.set(key, found);
    }
    return found;
  }
}
