/** What a key does while an expression is being written: the habits of shells. */
import type { Key } from 'ink';
import {
  deleteBefore,
  deleteBehind,
  deleteToEnd,
  deleteToStart,
  deleteWordBefore,
  insert,
  type Line,
  moveBy,
  moveByWord,
  moveTo,
} from './line-editor.ts';

export type EditKey =
  | { does: 'edit'; apply: (line: Line) => Line }
  | { does: 'run' | 'complete' | 'leave' | 'nothing' }
  /** Through the list of completions where there is one, else through the history. */
  | { does: 'up' | 'down' }
  | { does: 'older' | 'newer' };

/**
 * Keys that came at once, one by one: what was typed faster than it was read. Text that was pasted stays together, and
 * its line breaks run nothing; only a last one does.
 */
export function typedKeys(input: string): [input: string, key: Partial<Key>][] {
  const ends = /[^\r\n][\r\n]$/.test(input);
  const body = ends ? input.slice(0, -1) : input;
  const keys: [string, Partial<Key>][] = [];
  let text = '';
  for (const c of body) {
    const code = c.charCodeAt(0);
    // Ctrl-A to Ctrl-Z, without those that are tab and line breaks.
    if (code > CTRL_Z || /\s/.test(c)) {
      text += c;
      continue;
    }
    if (text !== '') keys.push([text, {}]);
    text = '';
    keys.push([String.fromCharCode(code + CTRL_TO_LETTER), { ctrl: true }]);
  }
  if (text !== '') keys.push([text, {}]);
  if (ends) keys.push(['', { return: true }]);
  return keys;
}

const CTRL_Z = 0x1a;
const CTRL_TO_LETTER = 0x60;

export function editKey(input: string, key: Partial<Key>): EditKey {
  if (key.return) return { does: 'run' };
  if (key.tab) return { does: 'complete' };
  if (key.escape) return { does: 'leave' };
  if (key.upArrow) return { does: 'up' };
  if (key.downArrow) return { does: 'down' };
  if (key.leftArrow) return edit((line) => (key.ctrl || key.meta ? moveByWord(line, -1) : moveBy(line, -1)));
  if (key.rightArrow) return edit((line) => (key.ctrl || key.meta ? moveByWord(line, 1) : moveBy(line, 1)));
  if (key.home) return edit((line) => moveTo(line, 'start'));
  if (key.end) return edit((line) => moveTo(line, 'end'));
  // Terminals send DEL for the backspace key, which ink calls delete.
  if (key.backspace || key.delete) return edit(key.meta ? deleteWordBefore : deleteBefore);
  if (key.ctrl) return CONTROLS[input] ?? { does: 'nothing' };
  if (key.meta) return METAS[input] ?? { does: 'nothing' };
  return input === '' ? { does: 'nothing' } : edit((line) => insert(line, input));
}

function edit(apply: (line: Line) => Line): EditKey {
  return { does: 'edit', apply };
}

const CONTROLS: Readonly<Record<string, EditKey>> = {
  a: edit((line) => moveTo(line, 'start')),
  e: edit((line) => moveTo(line, 'end')),
  b: edit((line) => moveBy(line, -1)),
  f: edit((line) => moveBy(line, 1)),
  h: edit(deleteBefore),
  d: edit(deleteBehind),
  k: edit(deleteToEnd),
  u: edit(deleteToStart),
  w: edit(deleteWordBefore),
  p: { does: 'older' },
  n: { does: 'newer' },
  j: { does: 'run' },
  m: { does: 'run' },
};

const METAS: Readonly<Record<string, EditKey>> = {
  b: edit((line) => moveByWord(line, -1)),
  f: edit((line) => moveByWord(line, 1)),
};
