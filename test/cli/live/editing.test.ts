/** Writing an expression: keys, history, and the stretch of time that is shown. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { History } from '../../../src/cli/live/history.ts';
import { editKey } from '../../../src/cli/live/keys.ts';
import { insert, type Line, lineOf } from '../../../src/cli/live/line-editor.ts';
import { panned, rangeOf, stepFor, zoomed } from '../../../src/cli/live/time-window.ts';

/** The line with `|` for its cursor. */
function line(text: string): Line {
  return { text: text.replace('|', ''), cursor: text.indexOf('|') };
}

function shown({ text, cursor }: Line): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

describe('keys', () => {
  it.each([
    ['ab|c', 'x', {}, 'abx|c'],
    ['|', 'rate(up[5m])', {}, 'rate(up[5m])|'],
    ['a|', 'b\r\n\tc\u0007', {}, 'ab c|'],
    ['ab|c', '', { backspace: true }, 'a|c'],
    ['ab|c', '', { delete: true }, 'a|c'],
    ['a😀|b', '', { backspace: true }, 'a|b'],
    ['|abc', '', { backspace: true }, '|abc'],
    ['a|bc', 'd', { ctrl: true }, 'a|c'],
    ['a|😀c', 'd', { ctrl: true }, 'a|c'],
    ['rate(up|)', 'w', { ctrl: true }, 'rate(|)'],
    ['rate(up) |', 'w', { ctrl: true }, 'rate(|'],
    ['ab|c', 'u', { ctrl: true }, '|c'],
    ['ab|c', 'k', { ctrl: true }, 'ab|'],
    ['ab|c', 'a', { ctrl: true }, '|abc'],
    ['ab|c', '', { home: true }, '|abc'],
    ['|abc', 'e', { ctrl: true }, 'abc|'],
    ['a😀|', '', { leftArrow: true }, 'a|😀'],
    ['a|b', '', { rightArrow: true }, 'ab|'],
    ['ab|', '', { rightArrow: true }, 'ab|'],
    ['sum(up) + x|', '', { leftArrow: true, ctrl: true }, 'sum(up) + |x'],
    ['|sum(up)', 'f', { meta: true }, 'sum|(up)'],
  ])('%s with %j %j is %s', (before, input, key, after) => {
    const action = editKey(input, key);
    if (action.does !== 'edit') throw new Error(action.does);
    expect(shown(action.apply(line(before)))).toBe(after);
  });

  it.each([
    ['', { return: true }, 'run'],
    ['', { tab: true }, 'complete'],
    ['', { escape: true }, 'leave'],
    ['', { upArrow: true }, 'up'],
    ['p', { ctrl: true }, 'older'],
    ['n', { ctrl: true }, 'newer'],
    ['z', { ctrl: true }, 'nothing'],
    ['z', { meta: true }, 'nothing'],
    ['', {}, 'nothing'],
  ])('%j %j does %s', (input, key, does) => {
    expect(editKey(input, key).does).toBe(does);
  });

  it('insert at the cursor', () => {
    expect(shown(insert(lineOf('ab'), 'c'))).toBe('abc|');
  });
});

describe('the history', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tsmon-history-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('is kept in a file, each expression once', () => {
    const file = join(dir, 'sub', 'history');
    const history = new History(file);
    for (const expression of ['a', 'b', 'b', 'a', '', 'c']) history.add(expression);
    expect(readFileSync(file, 'utf8')).toBe('b\na\nc\n');
    const again = new History(file);
    expect([again.at(1), again.at(3), again.at(4), again.length]).toEqual(['c', 'b', undefined, 3]);
  });

  it('does without a file that cannot be read or written', () => {
    writeFileSync(join(dir, 'file'), '');
    const history = new History(join(dir, 'file', 'history'));
    history.add('a');
    expect(history.at(1)).toBe('a');
  });
});

describe('the window', () => {
  const now = 1_700_000_000_000;
  const hour = 3_600_000;

  it('follows the clock until it is moved back, and again when it comes to the present', () => {
    const live = { spanMs: hour, end: null };
    const back = panned(live, -1, now);
    expect(back).toEqual({ spanMs: hour, end: now - hour / 2 });
    expect(rangeOf(back, now)).toEqual({ start: now - 1.5 * hour, end: now - hour / 2 });
    expect(panned(back, 1, now)).toEqual(live);
    expect(panned(live, 1, now)).toEqual(live);
  });

  it('zooms about its middle, and about the present where it follows it', () => {
    expect(zoomed({ spanMs: hour, end: null }, 'out', now)).toEqual({ spanMs: 2 * hour, end: null });
    const middle = now - 10 * hour;
    const out = zoomed({ spanMs: hour, end: middle + hour / 2 }, 'out', now);
    expect(out).toEqual({ spanMs: 2 * hour, end: middle + hour });
    expect(zoomed(out, 'in', now)).toEqual({ spanMs: hour, end: middle + hour / 2 });
    expect(zoomed({ spanMs: 60_000, end: null }, 'in', now)).toEqual({ spanMs: 60_000, end: null });
  });

  it('has about a step for each column, of whole seconds', () => {
    expect(stepFor(hour, 100)).toBe(36_000);
    expect(stepFor(1000, 100)).toBe(1000);
  });
});
