/** Series as they are written out, `name{label="value"}`: label sets rather than matchers. */
import { type Labels, labelsFromPairs, METRIC_NAME } from '../../model/labels.ts';
import type { SourceRange } from './ast.ts';
import { Cursor } from './cursor.ts';
import { quoteString, unquoteString } from './literals.ts';
import { DEFAULT_PARSER_OPTIONS } from './options.ts';
import { isMetricName, Token } from './token.ts';

/** Parses a series such as `up{job="node"}` or `{"http.requests", code="200"}`. Throws PromQLSyntaxError. */
export function parseMetric(text: string): Labels {
  const { labels, end } = parseMetricPrefix(text);
  const rest = text.slice(end);
  if (/^\s*$/.test(rest)) return labels;
  const cursor: Cursor = new Cursor(text, DEFAULT_PARSER_OPTIONS);
  while (cursor.nextStart < end) cursor.take();
  cursor.unexpected('', '');
}

/**
 * Parses the series that `text` begins with; `end` is where it ends (UTF-16 units). A brace belongs to it only where
 * it follows the name directly. Throws PromQLSyntaxError.
 */
export function parseMetricPrefix(text: string): { labels: Labels; end: number } {
  const cursor = new Cursor(text, DEFAULT_PARSER_OPTIONS);
  const pairs: [string, string][] = [];
  let end = 0;
  if (isMetricName(cursor.peek())) {
    const name = cursor.take();
    pairs.push([METRIC_NAME, cursor.textOf(name)]);
    end = name.end;
  } else if (cursor.peek() !== Token.leftBrace) {
    cursor.unexpected('', '');
  }
  if (pairs.length === 0 || text[end] === '{') {
    parseLabelSet(cursor, pairs);
    end = cursor.lastEnd;
  }
  return { labels: labelsOf(cursor, pairs, cursor.range(0, end)), end };
}

/** `{a="b", "c.d"="e", "name"}`; the next token must be the left brace. */
function parseLabelSet(cursor: Cursor, pairs: [string, string][]): void {
  cursor.take();
  if (cursor.accept(Token.rightBrace)) return;
  for (;;) {
    pairs.push(parseLabel(cursor));
    const comma = cursor.accept(Token.comma);
    if (cursor.accept(Token.rightBrace)) return;
    if (!comma) cursor.unexpected('label set', '"," or "}"', 'separate labels by commas');
  }
}

function parseLabel(cursor: Cursor): [string, string] {
  const kind = cursor.peek();
  if (kind !== Token.identifier && kind !== Token.string) {
    cursor.unexpected('label set', 'identifier or "}"');
  }
  const text = cursor.textOf(cursor.take());
  const name = kind === Token.string ? unquoteString(text) : text;
  if (!cursor.accept(Token.equals)) {
    if (kind === Token.string) return [METRIC_NAME, name];
    cursor.unexpected('label set', '"="');
  }
  if (cursor.peek() !== Token.string) {
    cursor.unexpected('label set', 'string', 'label values are strings: put it in quotes');
  }
  return [name, unquoteString(cursor.textOf(cursor.take()))];
}

function labelsOf(cursor: Cursor, pairs: readonly [string, string][], range: SourceRange): Labels {
  const names = new Set<string>();
  for (const [name] of pairs) {
    if (names.has(name)) cursor.fail(range, `label ${quoteString(name)} is given twice`);
    names.add(name);
  }
  return labelsFromPairs(pairs);
}
