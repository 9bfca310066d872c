/**
 * What may stand at the cursor of an expression that is being written: found from the text before it, which is no valid
 * expression yet.
 */

export type CompletionKind = 'name' | 'label' | 'value' | 'duration' | 'none';

export interface CompletionContext {
  kind: CompletionKind;
  /** Where the word at the cursor begins, in UTF-16 units; it ends at the cursor. */
  from: number;
  /** The word as far as it is written. */
  word: string;
  /** For labels and values: the metric that they are of, '' where it is not known. */
  metric: string;
  /** For values: the label. */
  label: string;
}

interface Open {
  bracket: '{' | '(' | '[';
  /** What stood before the bracket: a metric's name, a function's, or `by`. */
  word: string;
}

const GROUPING = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const WORD_CHARACTER = /[\p{L}\p{N}_:.]/u;

export function completionContext(text: string, cursor: number): CompletionContext {
  const open: Open[] = [];
  let word = '';
  let wordStart = 0;
  /** The last words that were complete: a metric's name stands before its braces, a label's before its value. */
  let lastWord = '';
  let label = '';
  /** The metric that was named last anywhere: the best guess where a grouping comes after it. */
  let metric = '';
  let quote = '';
  let quoteStart = 0;
  const endWord = () => {
    if (word !== '') lastWord = word;
    word = '';
  };
  for (let i = 0; i < cursor; i++) {
    const c = text[i];
    if (quote !== '') {
      if (c === '\\' && quote !== '`') i++;
      else if (c === quote) quote = '';
      continue;
    }
    if (WORD_CHARACTER.test(c)) {
      if (word === '') wordStart = i;
      word += c;
      continue;
    }
    endWord();
    switch (c) {
      case '"':
      case "'":
      case '`':
        quote = c;
        quoteStart = i + 1;
        break;
      case '{':
        open.push({ bracket: c, word: lastWord });
        if (lastWord !== '') metric = lastWord;
        lastWord = '';
        break;
      case '(':
        open.push({ bracket: c, word: lastWord });
        lastWord = '';
        break;
      case '[':
        if (lastWord !== '' && open.at(-1)?.bracket !== '{') metric = lastWord;
        open.push({ bracket: c, word: lastWord });
        lastWord = '';
        break;
      case '}':
      case ')':
      case ']':
        open.pop();
        lastWord = '';
        break;
      case '=':
      case '!':
        if (open.at(-1)?.bracket === '{' && lastWord !== '') label = lastWord;
        lastWord = '';
        break;
      case ' ':
        break;
      default:
        if (c === ',' || c === '+' || c === '-' || c === '*' || c === '/') {
          if (open.at(-1)?.bracket !== '{' && lastWord !== '') metric = lastWord;
        }
        if (c !== '~') lastWord = '';
    }
  }
  const inside = open.at(-1);
  const at = { from: cursor - word.length, word, metric: '', label: '' };
  if (quote !== '') {
    const value = text.slice(quoteStart, cursor);
    if (inside?.bracket !== '{' || label === '') return { ...at, kind: 'none' };
    return { kind: 'value', from: quoteStart, word: value, metric: inside.word, label };
  }
  if (word !== '' && wordStart !== at.from) throw new Error('a word that does not end at the cursor');
  if (inside?.bracket === '{')
    return { ...at, kind: beginsMatcher(text, at.from) ? 'label' : 'none', metric: inside.word };
  if (inside?.bracket === '[') return { ...at, kind: 'duration' };
  if (inside?.bracket === '(' && GROUPING.has(inside.word.toLowerCase())) {
    return { ...at, kind: 'label', metric: metric || metricBehind(text, cursor) };
  }
  return { ...at, kind: /^\d/.test(word) ? 'none' : 'name' };
}

/** Whether a matcher may begin here: behind the brace, or behind a comma. */
function beginsMatcher(text: string, at: number): boolean {
  return /[{,]\s*$/.test(text.slice(0, at));
}

/** In `sum by (…) (metric)` the metric comes after the labels. */
function metricBehind(text: string, cursor: number): string {
  const names = text.slice(cursor).matchAll(/[\p{L}_:][\p{L}\p{N}_:]*(?=\s*[{[)\s]|$)/gu);
  for (const [name] of names) if (!GROUPING.has(name)) return name;
  return '';
}

export interface Candidate {
  /** What is inserted. */
  text: string;
  /** What is told of it. */
  detail: string;
}

const MOST_CANDIDATES = 100;

/** The candidates that fit a word: those that begin with it, then those that contain it. */
export function matching(candidates: readonly Candidate[], word: string): Candidate[] {
  const lower = word.toLowerCase();
  const begins: Candidate[] = [];
  const contains: Candidate[] = [];
  for (const candidate of candidates) {
    const at = candidate.text.toLowerCase().indexOf(lower);
    if (at === 0) begins.push(candidate);
    else if (at > 0 && lower.length > 1) contains.push(candidate);
    if (begins.length === MOST_CANDIDATES) break;
  }
  return [...begins, ...contains].slice(0, MOST_CANDIDATES);
}
