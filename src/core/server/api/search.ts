/**
 * `/api/v1/search/…`: names of metrics and labels, and values of labels, by what people remember of them. Answers are lines
 * of JSON: batches of results, and a last line that says how it ended. Experimental in Prometheus 3.14 (`search-api`).
 */
import { compareStrings, METRIC_NAME } from '../../model/labels.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { Source } from '../../source/source.ts';
import type { FormValues } from '../http/form-values.ts';
import type { Reply } from '../http/reply.ts';
import type { Router } from '../http/router.ts';
import { answering } from './answer.ts';
import { ApiFault, badParameter } from './api-error.ts';
import { booleanOf, optionalRange, parseSelectors, refuseEmptyMatchers, wholeNumber } from './parameters.ts';
import { SEARCH_SCORES, type SearchScore } from './search-score.ts';

const MAX_TERMS = 32;
/** Each is held against every name, letter by letter. */
const MAX_TERM_CHARS = 256;
const DEFAULT_LIMIT = 100;
const DEFAULT_BATCH = 100;

interface Found {
  text: string;
  score: number;
}

export function addSearchRoutes(router: Router, source: () => Source): void {
  const add = (path: string, key: 'name' | 'value', labelOf: (form: FormValues) => string | undefined) =>
    router.add(
      ['GET', 'POST'],
      `/api/v1/search/${path}`,
      answering(async (request, reply) => {
        const form = await request.form();
        await search(form, reply, source, key, labelOf(form));
      }),
      { cors: true },
    );
  add('metric_names', 'name', () => METRIC_NAME);
  add('label_names', 'name', () => undefined);
  add('label_values', 'value', (form) => {
    const label = form.get('label');
    if (label === '') throw new ApiFault('bad_data', 'label parameter is required');
    return label;
  });
}

/** `label` undefined: names of labels. */
async function search(
  form: FormValues,
  reply: Reply,
  source: () => Source,
  key: 'name' | 'value',
  label: string | undefined,
): Promise<void> {
  const range = optionalRange(form);
  const selectors = parseSelectors(form.all('match[]'));
  refuseEmptyMatchers(selectors);
  const scoreOf = scorer(form);
  const byScore = choice(form, 'sort_by', ['alpha', 'score']) === 'score';
  const descending = choice(form, 'sort_dir', ['asc', 'dsc']) === 'dsc';
  if (byScore && form.get('sort_dir') !== '') throw badParameter('sort_dir', 'only with sort_by=alpha');
  const limit = numberOf(form, 'limit', DEFAULT_LIMIT);
  const batch = Math.max(1, numberOf(form, 'batch_size', DEFAULT_BATCH));
  const withScore = switchOf(form, 'include_score', false);
  const withMetadata = switchOf(form, 'include_metadata', false) && label === METRIC_NAME;
  const reader = source();
  try {
    const texts = new Set<string>();
    for (const matchers of selectors.length === 0 ? [[]] : selectors) {
      const own =
        label === undefined
          ? await reader.labelNames(matchers, range)
          : await reader.labelValues(label, matchers, range);
      for (const text of own) texts.add(text);
    }
    const found: Found[] = [];
    for (const text of texts) {
      const score = scoreOf(text);
      if (score > 0) found.push({ text, score });
    }
    found.sort((a, b) => (byScore ? b.score - a.score : 0) || compareStrings(a.text, b.text));
    if (descending) found.reverse();
    const shown = limit === 0 ? found : found.slice(0, limit);
    const metadata = withMetadata ? await reader.metadata() : undefined;
    const entry = ({ text, score }: Found) => ({
      [key]: text,
      ...(withScore ? { score } : {}),
      ...described(metadata?.get(text)?.[0]),
    });
    const lines = function* (): Generator<Uint8Array, void> {
      for (let i = 0; i < shown.length; i += batch) {
        yield Buffer.from(`${JSON.stringify({ results: shown.slice(i, i + batch).map(entry) })}\n`);
      }
      yield Buffer.from(`${JSON.stringify({ status: 'success', has_more: shown.length < found.length })}\n`);
    };
    await reply.stream(200, 'application/x-ndjson; charset=utf-8', lines());
  } finally {
    await reader.close();
  }
}

function described(metadata: Metadata | undefined): object {
  return metadata === undefined ? {} : { type: metadata.type, help: metadata.help, unit: metadata.unit };
}

/** How well a text fits the term that it fits best; 1 for all where nothing is searched for. */
function scorer(form: FormValues): (text: string) => number {
  const terms = form.all('search[]').filter((term) => term !== '');
  if (terms.length > MAX_TERMS) throw badParameter('search[]', `at most ${MAX_TERMS} terms are allowed`);
  if (terms.some((term) => term.length > MAX_TERM_CHARS))
    throw badParameter('search[]', `a term has at most ${MAX_TERM_CHARS} characters`);
  const sensitive = switchOf(form, 'case_sensitive', true);
  const score: SearchScore = SEARCH_SCORES[choice(form, 'fuzz_alg', ['subsequence', 'jarowinkler'])];
  const threshold = numberOf(form, 'fuzz_threshold', 0);
  if (threshold > 100) throw badParameter('fuzz_threshold', 'must be between 0 and 100');
  if (terms.length === 0) return () => 1;
  const wanted = terms.map((term) => (sensitive ? term : term.toLowerCase()));
  return (given) => {
    const text = sensitive ? given : given.toLowerCase();
    let best = 0;
    for (const term of wanted) best = Math.max(best, text.includes(term) ? 1 : score(term, text));
    return best * 100 >= threshold ? best : 0;
  };
}

function choice<T extends string>(form: FormValues, name: string, values: readonly [T, ...T[]]): T {
  const text = form.get(name);
  if (text === '') return values[0];
  const value = values.find((candidate) => candidate === text);
  if (value === undefined) throw badParameter(name, `must be one of ${values.join(', ')}`);
  return value;
}

function numberOf(form: FormValues, name: string, otherwise: number): number {
  const text = form.get(name);
  if (text === '') return otherwise;
  const value = wholeNumber(text);
  if (value === undefined || value < 0) throw badParameter(name, 'must be a non-negative number');
  return value;
}

function switchOf(form: FormValues, name: string, otherwise: boolean): boolean {
  const text = form.get(name);
  const value = text === '' ? otherwise : booleanOf(text);
  if (value === undefined) throw badParameter(name, 'must be true or false');
  return value;
}
