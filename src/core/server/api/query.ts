/** `/api/v1/query` and its relatives: queries, and what can be said of a query's text. */
import type { Clock } from '../../clock.ts';
import { formatJson } from '../../model/number.ts';
import { goQuote } from '../../model/quote.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from '../../model/timestamp.ts';
import {
  type Expr,
  exprToJson,
  type ParserOptions,
  parseQuery,
  prettyPrint,
  typeOf,
} from '../../promql/parser/index.ts';
import { selectorsOf } from '../../rules/dependencies.ts';
import type { Source } from '../../source/source.ts';
import type { FormValues } from '../http/form-values.ts';
import type { Reply } from '../http/reply.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';
import type { QueryGate } from '../query-gate.ts';
import type { QueryJournal } from '../query-journal.ts';
import type { QueryRunner, QueryTimes } from '../query-runner.ts';
import { answering, labelsJson, succeed, succeedWithList } from './answer.ts';
import { ApiFault, asBadData, badParameter } from './api-error.ts';
import { durationOf, limitOf, optionalTime, reasonOf, timeOf } from './parameters.ts';

const MAX_POINTS = 11_000;

export interface QueryApiOptions {
  runner: QueryRunner;
  gate: QueryGate;
  journal: QueryJournal;
  source: () => Source;
  clock: Clock;
  parser: ParserOptions;
  /** `--query.timeout`, which a request can only shorten. */
  timeoutMs: number;
}

export function addQueryRoutes(router: Router, options: QueryApiOptions): void {
  const both = ['GET', 'POST'];
  const cors = { cors: true };
  const add = (path: string, handler: (request: HttpRequest, reply: Reply) => Promise<void>) =>
    router.add(both, `/api/v1/${path}`, answering(handler), cors);
  add('query', async (request, reply) => {
    const form = await request.form();
    const limit = limitOf(form);
    const t = optionalTime(form, 'time', options.clock.now());
    await runQuery(request, reply, form, { kind: 'instant', t }, limit, options);
  });
  add('query_range', async (request, reply) => {
    const form = await request.form();
    const limit = limitOf(form);
    await runQuery(request, reply, form, rangeOf(form), limit, options);
  });
  add('query_exemplars', async (request, reply) => queryExemplars(await request.form(), reply, options));
  add('format_query', async (request, reply) => {
    const form = await request.form();
    succeed(reply, prettyPrint(parsed(form, options.parser)));
  });
  add('parse_query', async (request, reply) => {
    const form = await request.form();
    succeed(reply, exprToJson(parsed(form, options.parser)));
  });
}

function rangeOf(form: FormValues): QueryTimes {
  const start = timeOf(form, 'start');
  const end = timeOf(form, 'end');
  if (end < start) throw badParameter('end', 'end timestamp must not be before start time');
  const step = durationOf(form, 'step');
  if (step <= 0) {
    const reason = 'zero or negative query resolution step widths are not accepted. Try a positive integer';
    throw badParameter('step', reason);
  }
  if (Math.floor((end - start) / step) > MAX_POINTS) {
    throw new ApiFault(
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    );
  }
  return { kind: 'range', start, end, stepMs: Math.max(1, Math.trunc(step)) };
}

async function runQuery(
  request: HttpRequest,
  reply: Reply,
  form: FormValues,
  times: QueryTimes,
  limit: number,
  options: QueryApiOptions,
): Promise<void> {
  const { runner, gate, journal } = options;
  const given = form.get('timeout') === '' ? undefined : durationOf(form, 'timeout');
  const timeoutMs = Math.min(given ?? options.timeoutMs, options.timeoutMs);
  const lookbackMs = lookbackOf(form);
  const query = form.get('query');
  const expr = parsed(form, options.parser);
  if (times.kind === 'range') refuseRangeResult(expr);
  if (timeoutMs <= 0) throw new ApiFault('execution', 'context deadline exceeded');
  const stats = form.get('stats') !== '';
  const origin = {
    httpRequest: { clientIP: request.remoteAddress, method: request.method, path: request.path },
  };
  const { result } = await gate.run(timeoutMs, request.signal, (queuedMs) => {
    const task = {
      query,
      times,
      timeoutMs: Math.max(1, timeoutMs - queuedMs),
      lookbackMs,
      limit,
      stats,
      queuedMs,
    };
    return journal.noting({ query, times, origin, queuedMs }, () => runner.run(task, request.signal));
  });
  await reply.stream(200, 'application/json', result);
}

function lookbackOf(form: FormValues): number | undefined {
  if (form.get('lookback_delta') === '') return undefined;
  try {
    const ms = durationOf(form, 'lookback_delta');
    return ms > 0 ? ms : undefined;
  } catch (error) {
    const reason = (error as Error).message.replace(/^invalid parameter "lookback_delta": /, '');
    throw new ApiFault('bad_data', `error parsing lookback delta duration: ${reason}`);
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = { matrix: 'range vector', string: 'string' };

function refuseRangeResult(expr: Expr): void {
  const name = TYPE_NAMES[typeOf(expr)];
  if (name === undefined) return;
  const reason = `invalid expression type ${goQuote(name)} for range query, must be Scalar or instant Vector`;
  throw badParameter('query', reason);
}

function parsed(form: FormValues, parser: ParserOptions): Expr {
  try {
    return parseQuery(form.get('query'), parser);
  } catch (error) {
    throw badParameter('query', reasonOf(error));
  }
}

async function queryExemplars(
  form: FormValues,
  reply: Reply,
  { source, parser }: QueryApiOptions,
): Promise<void> {
  const mint = optionalTime(form, 'start', MIN_TIMESTAMP);
  const maxt = optionalTime(form, 'end', MAX_TIMESTAMP);
  if (maxt < mint) throw new ApiFault('bad_data', 'end timestamp must not be before start timestamp');
  const expr = asBadData(() => parseQuery(form.get('query'), parser));
  const selectors = selectorsOf(expr).map(({ matchers }) => matchers);
  if (selectors.length === 0) {
    reply.empty(204);
    return;
  }
  const reader = source();
  try {
    const found = await reader.exemplars(selectors, { mint, maxt });
    const items = found.map(({ labels, exemplars }) => {
      const list = exemplars.map(
        ({ labels: own, v, t }) =>
          `{"labels":${labelsJson(own)},"value":"${formatJson(v)}","timestamp":${t! / 1000}}`,
      );
      return `{"seriesLabels":${labelsJson(labels)},"exemplars":[${list.join(',')}]}`;
    });
    await succeedWithList(reply, items);
  } finally {
    await reader.close();
  }
}
