/** Which series, labels and values there are: `/api/v1/series`, `/labels`, `/label/<name>/values`. */
import { isUtf8 } from 'node:buffer';
import { unescapeName } from '../../model/escaping.ts';
import type { Labels } from '../../model/labels.ts';
import { compareStrings } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import { isValidLabelName } from '../../model/names.ts';
import { goQuote } from '../../model/quote.ts';
import type { SeriesSet, Source, TimeRange } from '../../source/source.ts';
import { mergeSeriesSets } from '../../tsdb/block/index.ts';
import type { FormValues } from '../http/form-values.ts';
import type { Reply } from '../http/reply.ts';
import type { Router } from '../http/router.ts';
import { answering, labelsJson, succeedWithList, TRUNCATED } from './answer.ts';
import { ApiFault } from './api-error.ts';
import { limitOf, namedSelectors, optionalRange, parseSelectors, refuseEmptyMatchers } from './parameters.ts';

const BOTH = ['GET', 'POST'];
const CORS = { cors: true };

export function addSeriesRoutes(router: Router, source: () => Source): void {
  router.add(
    BOTH,
    '/api/v1/series',
    answering(async (request, reply) => {
      const form = parsedForm(await request.form());
      await listSeries(form, reply, source);
    }),
    CORS,
  );
  router.add(
    'DELETE',
    '/api/v1/series',
    answering(() => {
      // Prometheus' own answer: it deletes by its admin API alone, and so does this server.
      throw new ApiFault('internal', 'not implemented');
    }),
    CORS,
  );
  router.add(
    BOTH,
    '/api/v1/labels',
    answering(async (request, reply) => {
      const form = await request.form();
      await listTexts(form, reply, source, (reader, matchers, range) => reader.labelNames(matchers, range));
    }),
    CORS,
  );
  router.add(
    'GET',
    '/api/v1/label/:name/values',
    answering(async (request, reply) => {
      const name = labelName(request.params['name']);
      await listTexts(request.query, reply, source, (reader, matchers, range) =>
        reader.labelValues(name, matchers, range),
      );
    }),
    CORS,
  );
}

/** This endpoint, unlike others, does not overlook a pair that it cannot decode. */
function parsedForm(form: FormValues): FormValues {
  if (form.fault !== undefined) throw new ApiFault('bad_data', `error parsing form values: ${form.fault}`);
  return form;
}

/** As it stands in the path, escaped (`U__…`) or not. */
function labelName(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new ApiFault('bad_data', `invalid label name: ${quotedBytes(bytes)}`);
  const name = unescapeName(bytes.toString('utf8'), 'values');
  if (!isValidLabelName(name)) throw new ApiFault('bad_data', `invalid label name: ${goQuote(name)}`);
  return name;
}

function quotedBytes(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    text += byte < 0x80 ? goQuote(String.fromCharCode(byte)).slice(1, -1) : `\\x${byte.toString(16)}`;
  }
  return `"${text}"`;
}

/** A range that ends before it begins has no series, though blocks may reach into both ends. */
async function listSeries(form: FormValues, reply: Reply, source: () => Source): Promise<void> {
  if (form.all('match[]').length === 0) throw new ApiFault('bad_data', 'no match[] parameter provided');
  const limit = limitOf(form);
  const range = optionalRange(form);
  const selectors = namedSelectors(form.all('match[]'));
  refuseEmptyMatchers(selectors, true);
  const reader = source();
  try {
    const hints = { ...range, labelsOnly: true, limit: limit > 0 ? limit + 1 : 0 };
    const sets: SeriesSet[] = [];
    for (const matchers of range.maxt < range.mint ? [] : selectors) {
      sets.push(await reader.select(matchers, hints));
    }
    const merged = sets.length === 1 ? sets[0] : mergeSeriesSets(sets);
    const cut = limit > 0 && merged.length > limit;
    const items = labelsOf(merged, cut ? limit : merged.length);
    await succeedWithList(reply, items, cut ? { warnings: [TRUNCATED] } : {});
  } finally {
    await reader.close();
  }
}

function* labelsOf(set: { labels(i: number): Labels }, count: number): Generator<string, void> {
  for (let i = 0; i < count; i++) yield labelsJson(set.labels(i));
}

type Lookup = (reader: Source, matchers: readonly Matcher[], range: TimeRange) => Promise<string[]>;

async function listTexts(
  form: FormValues,
  reply: Reply,
  source: () => Source,
  lookup: Lookup,
): Promise<void> {
  const limit = limitOf(form);
  const range = optionalRange(form);
  const selectors = parseSelectors(form.all('match[]'));
  refuseEmptyMatchers(selectors);
  const reader = source();
  try {
    const lists: string[][] = [];
    for (const matchers of selectors.length === 0 ? [[]] : selectors) {
      if (range.maxt < range.mint) lists.push([]);
      else lists.push(await lookup(reader, matchers, range));
    }
    const texts = lists.length === 1 ? lists[0] : [...new Set(lists.flat())].sort(compareStrings);
    const cut = limit > 0 && texts.length > limit;
    if (cut) texts.length = limit;
    await succeedWithList(
      reply,
      texts.map((text) => JSON.stringify(text)),
      cut ? { warnings: [TRUNCATED] } : {},
    );
  } finally {
    await reader.close();
  }
}
