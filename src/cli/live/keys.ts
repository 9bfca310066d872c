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
