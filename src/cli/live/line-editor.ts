/** One line of text that is being edited, with a cursor; the keys are those of shells. Counts in UTF-16 units. */

export interface Line {
  readonly text: string;
  readonly cursor: number;
}

export const EMPTY_LINE: Line = { text: '', cursor: 0 };

export function lineOf(text: string): Line {
  return { text, cursor: text.length };
}

export function insert({ text, cursor }: Line, added: string): Line {
  // What is pasted may have line breaks and tabs; PromQL takes a space for either.
  const plain = added.replaceAll(/\s+/g, ' ').replaceAll(/\p{Cc}/gu, '');
  return { text: text.slice(0, cursor) + plain + text.slice(cursor), cursor: cursor + plain.length };
}

/** Puts `replacement` in the place of [from, to), and the cursor behind it. */
export function replace({ text }: Line, from: number, to: number, replacement: string): Line {
  return { text: text.slice(0, from) + replacement + text.slice(to), cursor: from + replacement.length };
}

export function moveBy({ text, cursor }: Line, characters: -1 | 1): Line {
  return { text, cursor: characters < 0 ? before(text, cursor) : behind(text, cursor) };
}

export function moveTo({ text }: Line, place: 'start' | 'end'): Line {
  return { text, cursor: place === 'start' ? 0 : text.length };
}

export function moveByWord({ text, cursor }: Line, direction: -1 | 1): Line {
  return { text, cursor: direction < 0 ? wordStart(text, cursor) : wordEnd(text, cursor) };
}

export function deleteBefore(line: Line): Line {
  return replace(line, before(line.text, line.cursor), line.cursor, '');
}

export function deleteBehind({ text, cursor }: Line): Line {
  return { text: text.slice(0, cursor) + text.slice(behind(text, cursor)), cursor };
}

export function deleteWordBefore(line: Line): Line {
  return replace(line, wordStart(line.text, line.cursor), line.cursor, '');
}

export function deleteToStart(line: Line): Line {
  return replace(line, 0, line.cursor, '');
}

export function deleteToEnd({ text, cursor }: Line): Line {
  return { text: text.slice(0, cursor), cursor };
}

/** A character outside the basic plane has two units. */
function before(text: string, at: number): number {
  if (at === 0) return 0;
  const low = text.charCodeAt(at - 1);
  return at - (at > 1 && low >= 0xdc00 && low <= 0xdfff ? 2 : 1);
}

function behind(text: string, at: number): number {
  if (at === text.length) return at;
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}

function wordStart(text: string, at: number): number {
  let i = at;
  while (i > 0 && !isWord(text[i - 1])) i--;
  while (i > 0 && isWord(text[i - 1])) i--;
  return i;
}

function wordEnd(text: string, at: number): number {
  let i = at;
  while (i < text.length && !isWord(text[i])) i++;
  while (i < text.length && isWord(text[i])) i++;
  return i;
}

function isWord(c: string): boolean {
  return /[\p{L}\p{N}_:]/u.test(c);
}
