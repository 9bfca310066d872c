/** Errors that teach: upstream's message, the place in the query, and what to do about it. */

import { QueryError, QueryTimeout, TooManySamples } from '../core/promql/index.ts';
import {
  ALL_PARSER_FEATURES,
  DurationError,
  markedLine,
  PromQLSyntaxError,
  parseQuery,
  type SourceRange,
} from '../core/promql/parser/index.ts';
import { ApiError } from '../core/source/http/api-client.ts';
import { CommandFailure, EXIT_USAGE } from './command.ts';
import { errorWidth } from './terminal.ts';

/** What to throw instead of `error`: the same where it is not about the query, else what teaches. */
export function taught(error: unknown, query: string): unknown {
  const text = queryFaultText(error, query);
  return text === undefined ? error : new CommandFailure(EXIT_USAGE, text);
}

/** Several lines of text for a fault that lies in the query, else undefined. */
export function queryFaultText(error: unknown, query: string): string | undefined {
  if (error instanceof PromQLSyntaxError) return explainSyntax(error, error.message);
  if (error instanceof ApiError) return explainRefusal(error, query);
  if (error instanceof DurationError) return located(error.message, query, error.range);
  if (error instanceof QueryError) {
    const text = error.range === undefined ? error.message : located(error.message, query, error.range);
    return withAdvice(text, error.reason);
  }
  if (error instanceof TooManySamples) {
    return `${error.message}\n${indented('select fewer series or less time, aggregate them, use a longer --step, or raise --max-samples')}`;
  }
  if (error instanceof QueryTimeout) return `${error.message}\n${indented('allow more time with --timeout')}`;
  return undefined;
}

function explainSyntax({ query, range, suggestion }: PromQLSyntaxError, message: string): string {
  const text = located(message, query, range);
  return suggestion === undefined ? text : `${text}\n${indented(suggestion)}`;
}

/** A server's own text; where the query is at fault for us too, we can show where. */
function explainRefusal({ reason }: ApiError, query: string): string {
  try {
    parseQuery(query, ALL_PARSER_FEATURES);
  } catch (fault) {
    if (fault instanceof PromQLSyntaxError) return explainSyntax(fault, reason);
  }
  return withAdvice(reason, reason);
}

/** What helps against upstream's commonest execution errors, by a part of their text. */
const ADVICE: readonly (readonly [string, string])[] = [
  [
    'many-to-many matching not allowed',
    'several series on both sides have the same labels: name with on(…) what tells them apart, or aggregate one side',
  ],
  [
    'multiple matches for labels',
    'one side has several series for one of the other: add group_left or group_right',
  ],
  [
    'vector cannot contain metrics with the same labelset',
    'without their metric names some series are the same: select one metric, or keep the name with a label',
  ],
  [
    'invalid expression type "range vector"',
    'put a function such as rate() around it, or leave out --start and --since',
  ],
  ['invalid expression type "string"', 'a string has no course: leave out --start and --since'],
];

function withAdvice(text: string, reason: string): string {
  const advice = ADVICE.find(([part]) => reason.includes(part));
  return advice === undefined ? text : `${text}\n${indented(advice[1])}`;
}

function located(message: string, query: string, range: SourceRange): string {
  // Of nothing there is nothing to show.
  if (query.trim() === '') return message;
  return `${message}\n${indented(fitted(markedLine(query, range), errorWidth() - INDENT.length).join('\n'))}`;
}

/** As much of a line and of the marks below it as fits, from some way before the first mark. */
function fitted([text, marks]: [string, string], width: number): [string, string] {
  const mark = marks.indexOf('^');
  // The end of the query may be what is marked.
  const length = Math.max(text.length, mark + 1);
  if (length <= width) return [text, marks];
  const from = Math.max(0, Math.min(mark - Math.floor(width / 2), length - width));
  const cut = (line: string) => line.slice(from, from + width);
  const shown = from === 0 ? cut(text) : `…${cut(text).slice(1)}`;
  return [from + width < text.length ? `${shown.slice(0, -1)}…` : shown, cut(marks)];
}

const INDENT = '  ';

/** The mark must stand below what it marks, so both lines move alike. */
function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => INDENT + line)
    .join('\n');
}
