/**
 * The `expect` lines of an `eval` command, and their older forms: `eval_fail`, `eval_warn`, `eval_info` and
 * `eval_ordered`, `expected_fail_message` and `expected_fail_regexp`.
 */
import { InputError } from '../../errors.ts';
import { goQuote } from '../../model/quote.ts';
import { Search } from '../../regex/index.ts';
import { unquoteString } from '../parser/index.ts';
import type {
  EvalCommand,
  ExpectedResult,
  ExpectedSeries,
  InstantTime,
  MessageMatch,
  RangeTimes,
} from './script.ts';

const EXPECT = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/;
const OLDER_FAIL = /^expected_fail_(message|regexp)\s+(.+)$/;
const STRING = /^(?:"(?:[^"\\]|\\.)*"|`[^`]*`)$/;

const ANYTHING: MessageMatch = { kind: 'any', text: '', matches: () => true };

export class Expectations {
  readonly isInstant: boolean;
  readonly series: ExpectedSeries[] = [];
  scalar: number | undefined;
  rangeVector: RangeTimes | undefined;
  private text: string | undefined;
  private ordered: boolean;
  private readonly fail: MessageMatch[] = [];
  private readonly warn: MessageMatch[] = [];
  private readonly info: MessageMatch[] = [];
  private noWarn = false;
  private noInfo = false;
  private readonly older: string | undefined;

  /** `modifier` is what the command's name says behind `eval_`. */
  constructor(isInstant: boolean, modifier: 'fail' | 'warn' | 'info' | 'ordered' | undefined) {
    this.isInstant = isInstant;
    this.older = modifier;
    this.ordered = modifier === 'ordered';
    if (modifier === 'warn') this.warn.push(ANYTHING);
    if (modifier === 'info') this.info.push(ANYTHING);
  }

  /** Whether a line is one of these, and not a series of a name that begins alike. */
  takes(line: string): boolean {
    return /^expect(\s|$)/.test(line) || (this.older === 'fail' && OLDER_FAIL.test(line));
  }

  /** Takes such a line. Throws InputError where it is malformed or contradicts one before it. */
  add(line: string): void {
    if (line === 'expect string' || line.startsWith('expect string ')) {
      this.text = parseString(line.slice('expect string '.length));
      return;
    }
    const older = OLDER_FAIL.exec(line);
    if (older !== null) {
      this.fail.push(older[1] === 'message' ? message(older[2]) : regex(older[2]));
      return;
    }
    const match = EXPECT.exec(line);
    if (match === null) {
      throw new InputError(
        'bad_test',
        'invalid expect statement, must match `expect <type> <match_type>: <string>` format',
      );
    }
    const [, type, how, text] = match;
    const wanted = how === undefined ? ANYTHING : how === 'msg' ? message(text.trim()) : regex(text.trim());
    if (type === 'ordered') this.ordered = true;
    else if (type === 'no_warn') this.noWarn = true;
    else if (type === 'no_info') this.noInfo = true;
    else this[type as 'fail' | 'warn' | 'info'].push(wanted);
    this.check();
  }

  result(query: InstantTime | RangeTimes): Omit<EvalCommand, 'kind' | 'line' | 'expr' | 'column'> {
    return {
      // A range vector is evaluated where it ends.
      query: this.rangeVector === undefined ? query : { kind: 'instant', atMs: this.rangeVector.endMs },
      expected: this.expected(),
      fail: this.fail[0] ?? (this.older === 'fail' ? ANYTHING : null),
      ordered: this.ordered,
      warn: this.warn,
      info: this.info,
      noWarn: this.noWarn,
      noInfo: this.noInfo,
    };
  }

  private check(): void {
    if (this.info.length > 0 && this.noInfo) throw contradiction('info and no_info cannot be used together');
    if (this.warn.length > 0 && this.noWarn) throw contradiction('warn and no_warn cannot be used together');
    if (this.fail.length > 1) throw contradiction('multiple expect fail lines are not allowed');
  }

  private expected(): ExpectedResult {
    if (this.scalar !== undefined) return { kind: 'scalar', value: this.scalar };
    if (this.text !== undefined) return { kind: 'string', value: this.text };
    const { rangeVector: times, series } = this;
    return times === undefined ? { kind: 'series', series } : { kind: 'rangeVector', times, series };
  }
}

function contradiction(reason: string): InputError {
  return new InputError('bad_test', `invalid expect lines, ${reason}`);
}

function message(text: string): MessageMatch {
  return { kind: 'message', text, matches: (found) => found === text };
}

function regex(pattern: string): MessageMatch {
  const search = new Search(pattern);
  return { kind: 'regex', text: pattern, matches: (found) => search.test(found) };
}

function parseString(text: string): string {
  if (!STRING.test(text)) {
    const got = text === '' ? '' : `, got ${goQuote(text)}`;
    throw new InputError('bad_test', `expected string literal not valid - it must be in quotes${got}`);
  }
  return unquoteString(text);
}
