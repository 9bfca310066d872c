/** What promtool's queries share: the server to ask (or any other source), times, and how values are printed. */
import { Flags } from '@oclif/core';
import { systemClock } from '../core/clock.ts';
import { InputError } from '../core/errors.ts';
import { parseApiTimestamp } from '../core/model/timestamp.ts';
import { answerPieces, apiErrorType, type QueryValue } from '../core/promql/index.ts';
import { ApiError } from '../core/source/http/api-client.ts';
import { CommandFailure, EXIT_FAILED } from './command.ts';
import type { Output } from './output.ts';
import { PromtoolCommand } from './promtool-command.ts';
import { httpConfigFlag, openPromtoolClient, serverUrl } from './promtool-http.ts';
import type { QueryAnswer } from './query-run.ts';
import { pointText } from './query-text.ts';
import { type OpenedSources, openForQueries } from './sources.ts';

/** The flags that all queries have. */
export const queryFlags = {
  format: Flags.string({
    char: 'o',
    description: 'Output format of the query',
    options: ['promql', 'json'],
    default: 'promql',
  }),
  'http.config.file': httpConfigFlag,
};

export const matchesFlag = Flags.string({
  description: 'Series selector; repeat for several',
  multiple: true,
  multipleNonGreedy: true,
  required: true,
});

const TIMEOUT_MS = 2 * 60_000;
/** As far as promtool looks unless told otherwise. */
const FAR_MS = 9999 * 3_600_000;

export abstract class PromtoolQuery extends PromtoolCommand {
  /** Asks a server, or whatever else the name stands for. Failures are worded as promtool does. */
  protected async ask<T>(
    server: string,
    flags: { 'http.config.file'?: string | undefined; header?: readonly string[] | undefined },
    ask: (opened: OpenedSources) => Promise<T>,
  ): Promise<T> {
    const name = /^[\w.-]+:\d+$/.test(server) ? serverUrl(server) : server;
    const { 'http.config.file': file, header: headers } = flags;
    const client = openPromtoolClient({ version: this.config.version, file, headers });
    const opened = await openForQueries([name], {
      client,
      onDamage: (error) => this.say(error.message),
      onWarning: () => {},
      timeoutMs: TIMEOUT_MS,
    });
    try {
      return await ask(opened);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new CommandFailure(EXIT_FAILED, `query error: ${reasonOf(error)}`);
    } finally {
      await opened.source.close();
    }
  }
}

function reasonOf(error: InputError): string {
  if (error instanceof ApiError) return `${error.errorType}: ${error.reason}`;
  const type = apiErrorType(error.code);
  if (type === undefined) return error.message;
  return type === 'bad_data'
    ? `bad_data: invalid parameter "query": ${error.message}`
    : `${type}: ${error.message}`;
}

/** `what` is what the message calls the time. */
export function timeOf(text: string | undefined, what: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  try {
    return parseApiTimestamp(text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CommandFailure(
      EXIT_FAILED,
      `error parsing ${what}: cannot parse ${JSON.stringify(text)} to a valid timestamp`,
    );
  }
}

export function farRange({ start, end }: { start?: string | undefined; end?: string | undefined }) {
  const now = systemClock.now();
  return { mint: timeOf(start, 'start time', now - FAR_MS), maxt: timeOf(end, 'end time', now + FAR_MS) };
}

export function printValue({ value, ...answer }: QueryAnswer, format: string, out: Output): void {
  if (format === 'json') out.line(JSON.stringify(resultOf({ value, ...answer })));
  else printPromql(value, out);
}

function printPromql(value: QueryValue, out: Output): void {
  switch (value.type) {
    case 'scalar':
      out.line(
        `scalar: ${pointText({ v: Float64Array.of(value.v), histograms: null }, 0)} @[${secondsOf(value.t)}]`,
      );
      return;
    case 'string':
      out.line(value.text);
      return;
    case 'vector':
      for (const series of value.series) {
        out.line(`${series.labels} => ${pointText(series, 0)} @[${secondsOf(series.t[0])}]`);
      }
      return;
    case 'matrix':
      for (const series of value.series) {
        out.line(`${series.labels} =>`);
        for (let i = 0; i < series.t.length; i++)
          out.line(`${pointText(series, i)} @[${secondsOf(series.t[i])}]`);
      }
  }
}

/** As Go prints the number. */
function secondsOf(ms: number): string {
  return String(ms / 1000);
}

/** The `result` of the HTTP API's answer. */
function resultOf(answer: QueryAnswer): unknown {
  const body = answer.body ?? Buffer.concat([...answerPieces(answer)]);
  return (JSON.parse(Buffer.from(body).toString('utf8')) as { data: { result: unknown } }).data.result;
}
