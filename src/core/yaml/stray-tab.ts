/**
 * Tabs where Go's reader takes none, and the package does not mind: on a line of their own, and behind the dash of a list.
 */
import { Lexer } from './parser.ts';

/** Of the lexer's own, which are in no text: of documents, flow errors and scalars. */
const MARKS = ['\x02', '\x18', '\x1f'];

/** Where the first one is, or -1. */
export function strayTab(text: string): number {
  if (!text.includes('\t')) return -1;
  let offset = 0;
  let depth = 0;
  let before = '\n';
  /** Of a tab at the start of a line that may have nothing else. */
  let alone = -1;
  for (const token of new Lexer().lex(text)) {
    if (MARKS.includes(token)) continue;
    const start = offset;
    offset += token.length;
    if (/^[ \t]+$/.test(token)) {
      const tab = depth === 0 && alone < 0 ? token.indexOf('\t') : -1;
      if (tab >= 0 && before === '-') return start + tab;
      if (tab >= 0 && /[\n\r]$/.test(before)) alone = start + tab;
      continue;
    }
    if (alone >= 0 && /^[\n\r#]/.test(token)) return alone;
    alone = -1;
    if (token === '[' || token === '{') depth++;
    if (token === ']' || token === '}') depth--;
    before = token;
  }
  return alone;
}
