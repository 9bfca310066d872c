/** Matchers between braces, and the label lists of groupings. */
import { InputError } from '../../errors.ts';
import { Matcher, type MatchType } from '../../model/matcher.ts';
import type { Cursor, Item } from './cursor.ts';
import { quoteString, unquoteString } from './literals.ts';
import { isGroupingLabel, isMatchOperator, Token } from './token.ts';

const METRIC_NAME = '__name__';

/** `{a="b", "metric", …}`; the next token must be the left brace. */
export function parseMatchers(cursor: Cursor): Matcher[] {
  cursor.take();
  const matchers: Matcher[] = [];
  if (cursor.accept(Token.rightBrace)) return matchers;
  for (;;) {
    matchers.push(parseMatcher(cursor));
    const comma = cursor.accept(Token.comma);
    if (cursor.accept(Token.rightBrace)) return matchers;
    if (!comma) {
      cursor.unexpected('label matching', '"," or "}"', 'separate matchers by commas');
    }
  }
}

/** The matcher that a metric name stands for. */
export function nameMatcher(name: string): Matcher {
  return new Matcher('=', METRIC_NAME, name);
}

function parseMatcher(cursor: Cursor): Matcher {
  const kind = cursor.peek();
  if (kind !== Token.identifier && kind !== Token.string) {
    cursor.unexpected('label matching', 'identifier or "}"');
  }
  const label = cursor.take();
  const text = cursor.textOf(label);
  const name = kind === Token.string ? unquoteString(text) : text;
  const operator = cursor.peek();
  if (!isMatchOperator(operator)) {
    if (kind === Token.string) return nameMatcher(name);
    cursor.unexpected('label matching', 'label matching operator', `a matcher looks like ${name}="value"`);
  }
  const type = cursor.textOf(cursor.take()) as MatchType;
  if (cursor.peek() !== Token.string) {
    cursor.unexpected('label matching', 'string', 'label values are strings: put it in quotes');
  }
  const value = cursor.take();
  return newMatcher(cursor, label, type, name, value);
}

function newMatcher(cursor: Cursor, label: Item, type: MatchType, name: string, value: Item): Matcher {
  try {
    return new Matcher(type, name, unquoteString(cursor.textOf(value)));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    cursor.fail(cursor.range(label.start, value.end), error.reason);
  }
}

/** `(a, b)` behind `by`, `on`, `group_left`, … */
export function parseGrouping(cursor: Cursor): string[] {
  if (!cursor.accept(Token.leftParen)) {
    cursor.unexpected('grouping opts', '"("', 'put the labels in parentheses');
  }
  const labels: string[] = [];
  if (cursor.accept(Token.rightParen)) return labels;
  for (;;) {
    labels.push(parseGroupingLabel(cursor));
    const comma = cursor.accept(Token.comma);
    if (cursor.accept(Token.rightParen)) return labels;
    if (!comma) cursor.unexpected('grouping opts', '"," or ")"', 'separate labels by commas');
  }
}

function parseGroupingLabel(cursor: Cursor): string {
  const kind = cursor.peek();
  if (isGroupingLabel(kind)) return cursor.textOf(cursor.take());
  if (kind !== Token.string) cursor.unexpected('grouping opts', 'label');
  const item = cursor.take();
  const label = unquoteString(cursor.textOf(item));
  if (label === '' || !label.isWellFormed()) {
    cursor.fail(cursor.rangeOf(item), `invalid label name for grouping: ${quoteString(label)}`);
  }
  return label;
}
