/**
 * Where a part of an expression stands in its file, whatever YAML made of the text in between: quotes, escapes, blocks,
 * folded lines. Both texts are walked side by side; they agree but for white space, backslashes and doubled quotes.
 */
import type { Place } from '../../errors.ts';
import type { SourceRange } from '../../promql/parser/index.ts';

/** `from` is where the value starts in `text`; `range` counts the UTF-8 bytes of `expr`. */
export function exprPlace(text: string, from: Place, expr: string, range: SourceRange): Place {
  if (from.line === undefined || from.column === undefined) return from;
  const target = Buffer.from(expr, 'utf8').subarray(0, range.start).toString('utf8').length;
  let at = offsetOf(text, from.line, from.column);
  // The header of a block, or the opening quote.
  if (text[at] === '|' || text[at] === '>') at = text.indexOf('\n', at) + 1;
  else if ((text[at] === '"' || text[at] === "'") && text[at] !== expr[0]) at++;
  for (let i = 0; i <= target && i < expr.length; i++) {
    if (isSpace(expr[i])) continue;
    while (at < text.length && text[at] !== expr[i]) at++;
    if (i === target) break;
    at++;
  }
  return at >= text.length ? from : { ...from, ...lineAndColumn(text, at) };
}

/** Where a field of the rule that starts at `from` is named, or `from`. */
export function fieldPlace(text: string, from: Place, field: string): Place {
  if (from.line === undefined) return from;
  const lines = text.split('\n');
  for (let i = from.line - 1; i < lines.length; i++) {
    const column = lines[i].search(new RegExp(`(?<![\\w.])["']?${escaped(field)}["']?\\s*:`));
    if (column >= 0) return { ...from, line: i + 1, column: column + 1 };
    if (i >= from.line && /^\s*-\s+["']?(?:alert|record)["']?\s*:/.test(lines[i])) break;
  }
  return from;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let i = 1; i < line; i++) at = text.indexOf('\n', at) + 1;
  return at + column - 1;
}

function lineAndColumn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}

function isSpace(char: string): boolean {
  return char === ' ' || char === '\n' || char === '\t' || char === '\r';
}
