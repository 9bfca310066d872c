import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import { SEARCH_SCORES } from '../../../src/core/server/api/search-score.ts';
import { MemorySource } from '../../../src/core/source/memory.ts';
import { kept, startTestServer, type TestServer } from './test-server.ts';

describe('search', () => {
  let server: TestServer;

  beforeAll(async () => {
    const source = new MemorySource();
    for (const name of ['http_requests_total', 'http_errors_total', 'cpu_seconds_total', 'HTTP_old']) {
      source.series(labelsFromObject({ __name__: name, job: 'a' })).addFloat(1000, Float64Array.of(1), 0);
    }
    source.addMetadata('cpu_seconds_total', { type: 'counter', help: 'CPU.', unit: '' });
    server = await startTestServer(kept(source), {}, { enableSearch: true });
  });

  afterAll(() => server.close());

  async function search(path: string): Promise<{ status: number; lines: Record<string, unknown>[] }> {
    const response = await fetch(`${server.url}/api/v1/search/${path}`);
    const text = await response.text();
    return {
      status: response.status,
      lines: text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    };
  }

  it('finds names by pieces, and by letters in their order', async () => {
    const names = async (query: string) => {
      const { lines } = await search(`metric_names?${query}`);
      expect(lines.at(-1)).toEqual({ status: 'success', has_more: false });
      return lines
        .slice(0, -1)
        .flatMap(({ results }) => (results as { name: string }[]).map(({ name }) => name));
    };
    expect(await names('search[]=requests')).toEqual(['http_requests_total']);
    expect(await names('search[]=htreq')).toEqual(['http_requests_total']);
    expect(await names('search[]=htreq&fuzz_threshold=90')).toEqual([]);
    expect(await names('search[]=http&case_sensitive=false&sort_dir=dsc')).toEqual([
      'http_requests_total',
      'http_errors_total',
      'HTTP_old',
    ]);
    expect(await names('search[]=cpu_secods_total&fuzz_alg=jarowinkler&fuzz_threshold=95')).toEqual([
      'cpu_seconds_total',
    ]);
    expect(await names('')).toHaveLength(4);
  });

  it('answers in batches, up to a limit', async () => {
    const { lines } = await search(
      'metric_names?batch_size=2&limit=3&include_score=true&include_metadata=true',
    );
    expect(lines).toEqual([
      {
        results: [
          { name: 'HTTP_old', score: 1 },
          { name: 'cpu_seconds_total', score: 1, type: 'counter', help: 'CPU.', unit: '' },
        ],
      },
      { results: [{ name: 'http_errors_total', score: 1 }] },
      { status: 'success', has_more: true },
    ]);
  });

  it('finds labels and their values', async () => {
    expect((await search('label_names?search[]=jo')).lines[0]).toEqual({ results: [{ name: 'job' }] });
    expect((await search('label_values?label=job')).lines[0]).toEqual({ results: [{ value: 'a' }] });
  });

  it.each([
    'label_values',
    'metric_names?limit=x',
    'metric_names?fuzz_alg=x',
    'metric_names?fuzz_threshold=101',
    `metric_names?search[]=${'a'.repeat(257)}`,
    'metric_names?sort_by=score&sort_dir=asc',
    'metric_names?case_sensitive=x',
    'metric_names?match[]={',
    `metric_names?${'search[]=a&'.repeat(33)}`,
  ])('refuses %s', async (path) => {
    expect((await search(path)).status).toBe(400);
  });

  it('is off unless asked for', async () => {
    const other = await startTestServer(kept(new MemorySource()));
    expect((await fetch(`${other.url}/api/v1/search/metric_names`)).status).toBe(404);
    await other.close();
  });
});

it('Jaro-Winkler gives the values of its literature', () => {
  expect(SEARCH_SCORES.jarowinkler('MARTHA', 'MARHTA')).toBeCloseTo(0.9611, 4);
  expect(SEARCH_SCORES.jarowinkler('DIXON', 'DICKSONX')).toBeCloseTo(0.8133, 4);
  expect(SEARCH_SCORES.jarowinkler('a', 'b')).toBe(0);
});
