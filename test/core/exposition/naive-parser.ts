/**
 * Both text formats, read the plain way: strings, regular expressions, the whole input at once. Slow, short, and
 * independent of src/: what the byte parsers must agree with.
 */

export interface NaiveRow {
  labels: Record<string, string>;
  v: number;
  /** Milliseconds. */
  t: number | null;
  exemplar?: { labels: Record<string, string>; v: number; t: number | undefined };
}

export interface NaiveResult {
  /** What is wrong, or undefined. */
  error?: string;
  /** Those before the fault. */
  rows: NaiveRow[];
  types: Map<string, string>;
  helps: Map<string, string>;
}

class Refused extends Error {}

class Text {
  readonly source: string;
  at = 0;

  /** One character a byte. */
  constructor(source: string) {
    this.source = source;
  }

  /** Takes what `pattern` (sticky) matches here, if it does. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.source);
    if (match === null) return undefined;
    this.at = pattern.lastIndex;
    return match[0];
  }

  need(pattern: RegExp, what: string): string {
    const taken = this.take(pattern);
    if (taken === undefined) throw new Refused(`expected ${what} at ${this.at}`);
    return taken;
  }

  get isOver(): boolean {
    return this.at >= this.source.length;
  }
}

const METRIC = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const QUOTED = /"(?:\\[^\n]|[^\\"])*"/y;
const QUOTED_LINE = /"(?:\\[^\n]|[^\\"\n])*"/y;

const BOUND: Record<string, string> = { histogram: 'le', summary: 'quantile' };

export function naiveText(bytes: Uint8Array): NaiveResult {
  const text = new Text(`${Buffer.from(bytes).toString('latin1')}\n`);
  const blanks = () => text.take(/[ \t]*/y);
  const result: NaiveResult = { rows: [], types: new Map(), helps: new Map() };
  let type = '';
  const line = () => {
    blanks();
    if (text.take(/\n/y)) return;
    if (text.take(/#/y)) {
      const keyword = text.take(/[ \t]+(?:HELP|TYPE)[ \t]+/y);
      if (keyword === undefined) {
        text.need(/[^\n]*\n/y, 'a comment');
        return;
      }
      const name = familyName(text);
      const separator = text.take(/[^\n]/y);
      const content = text.need(/[^\n]*/y, 'text');
      text.need(/\n/y, 'the end of the line');
      if (keyword.trim() === 'TYPE') {
        if (!/^(?:counter|gauge|histogram|summary|untyped)$/.test(content)) throw new Refused('type');
        type = content;
        result.types.set(name, content === 'untyped' ? 'unknown' : content);
      } else {
        const help = unescaped(utf8(content), false);
        if (separator === undefined || /[ \t]/.test(separator)) result.helps.set(name, help);
      }
      return;
    }
    const metric = text.take(METRIC);
    blanks();
    const pairs: [string, string][] = metric === undefined ? [] : [['__name__', metric]];
    if (text.take(/\{/y)) looseLabels(text, pairs, metric !== undefined);
    else if (metric === undefined) throw new Refused('no series');
    blanks();
    const value = text.need(/[^{ \t\n]+/y, 'a value');
    blanks();
    const time = text.take(/\d+/y);
    blanks();
    const row: NaiveRow = { labels: labelSet(pairs, type), v: float(value), t: null };
    text.need(/\n/y, 'the end of the line');
    if (time !== undefined) {
      if (BigInt(time) > 2n ** 63n - 1n) throw new Refused('time');
      row.t = Math.min(Number(time), Number.MAX_SAFE_INTEGER);
    }
    result.rows.push(row);
  };
  return run(text, line, result);
}

function looseLabels(text: Text, pairs: [string, string][], named: boolean): void {
  const blanks = () => text.take(/[ \t]*/y);
  let hasName = named;
  blanks();
  while (!text.take(/\}/y)) {
    const quoted = text.take(QUOTED);
    const name = quoted ?? text.need(LABEL, 'a label name');
    blanks();
    if (quoted !== undefined && /[,}]/.test(text.source[text.at])) {
      if (hasName) throw new Refused('two names');
      hasName = true;
      pairs.push(['__name__', unquoted(quoted)]);
      text.take(/,[ \t]*/y);
      continue;
    }
    text.need(/=[ \t]*/y, '=');
    const value = text.need(QUOTED, 'a value');
    pairs.push([quoted === undefined ? name : unquoted(quoted), unquoted(value)]);
    text.take(/[ \t]*,?[ \t]*/y);
  }
  if (!hasName) throw new Refused('no name');
}

export function naiveOpenMetrics(bytes: Uint8Array): NaiveResult {
  const text = new Text(Buffer.from(bytes).toString('latin1'));
  const result: NaiveResult = { rows: [], types: new Map(), helps: new Map() };
  let type = '';
  let over = false;
  const line = () => {
    if (over) throw new Refused('data after EOF');
    if (text.take(/# EOF(?:\n|$)/y)) {
      over = true;
      return;
    }
    const keyword = text.take(/# (?:HELP|TYPE|UNIT) /y);
    if (keyword !== undefined) {
      const name = familyName(text);
      text.need(/ /y, 'a space');
      const content = text.need(/[^\n]*/y, 'text');
      text.need(/\n/y, 'a line break');
      if (keyword === '# HELP ') result.helps.set(name, unescaped(utf8(content), true));
      else if (keyword === '# TYPE ') {
        const known = 'counter gauge histogram gaugehistogram summary info stateset unknown';
        if (!known.split(' ').includes(content)) throw new Refused('type');
        type = content;
        result.types.set(name, content);
      } else if (content !== '' && !name.endsWith(`_${utf8(content)}`)) throw new Refused('unit');
      return;
    }
    const metric = text.take(METRIC);
    const pairs: [string, string][] = metric === undefined ? [] : [['__name__', metric]];
    if (text.take(/\{/y)) {
      if (!strictLabels(text, pairs, metric !== undefined)) throw new Refused('no name');
    } else if (metric === undefined) throw new Refused('no series');
    const row: NaiveRow = {
      labels: labelSet(pairs, type),
      v: float(text.need(/ [^ \n]+/y, 'a value').slice(1)),
      t: null,
    };
    const time = text.take(/ [^ \n#][^ \n]*/y);
    if (time !== undefined) row.t = millis(time.slice(1));
    if (text.take(/ # \{/y)) {
      const exemplarPairs: [string, string][] = [];
      strictLabels(text, exemplarPairs, null);
      const labels = Object.fromEntries(
        exemplarPairs
          .filter(([name], i) => i === exemplarPairs.findLastIndex((p) => p[0] === name))
          .filter(([, value]) => value !== ''),
      );
      const v = float(text.need(/ [^ \n]+/y, 'a value').slice(1));
      const at = text.take(/ [^ \n]+/y);
      row.exemplar = { labels: sorted(labels), v, t: at === undefined ? undefined : millis(at.slice(1)) };
    }
    text.need(/\n/y, 'the end of the line');
    result.rows.push(row);
  };
  run(text, line, result);
  if (result.error === undefined && !over) result.error = 'no EOF';
  return result;
}

/** `named` is null for exemplars, which have no name. Returns whether there is one. */
function strictLabels(text: Text, pairs: [string, string][], named: boolean | null): boolean {
  let hasName = named === true;
  while (!text.take(/\}/y)) {
    const quoted = text.take(named === null ? QUOTED_LINE : QUOTED);
    const name = quoted ?? text.need(LABEL, 'a label name');
    if (quoted !== undefined && named !== null && /[,}]/.test(text.source[text.at])) {
      if (hasName) throw new Refused('two names');
      hasName = true;
      pairs.push(['__name__', unquoted(quoted)]);
      text.take(/,/y);
      continue;
    }
    text.need(/=/y, '=');
    const value = text.need(QUOTED_LINE, 'a value');
    pairs.push([quoted === undefined ? name : unquoted(quoted), unquoted(value)]);
    if (!text.take(/,/y) && text.source[text.at] !== '}') throw new Refused('a comma is missing');
  }
  return hasName;
}

function run(text: Text, line: () => void, result: NaiveResult): NaiveResult {
  try {
    while (!text.isOver) line();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    result.error = error.message;
  }
  return result;
}

function familyName(text: Text): string {
  const quoted = text.take(QUOTED);
  return quoted === undefined ? text.need(METRIC, 'a name') : unquoted(quoted);
}

function labelSet(pairs: [string, string][], type: string): Record<string, string> {
  const empty = new Set(pairs.filter(([, value]) => value === '').map(([name]) => name));
  if (empty.has('__name__')) throw new Refused('empty name');
  const labels: Record<string, string> = {};
  for (const [name, value] of pairs) {
    if (empty.has(name)) continue;
    if (name === '' || Object.hasOwn(labels, name)) throw new Refused('empty or not unique');
    Object.defineProperty(labels, name, {
      value: name === BOUND[type] ? bound(value) : value,
      enumerable: true,
    });
  }
  return sorted(labels);
}

function sorted(labels: Record<string, string>): Record<string, string> {
  const names = Object.keys(labels).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(names.map((name) => [name, labels[name]]));
}

function unquoted(quoted: string): string {
  return unescaped(utf8(quoted.slice(1, -1)), true);
}

function unescaped(text: string, quotes: boolean): string {
  return text.replace(/\\(.)/gs, (all, c: string) => {
    if (c === 'n') return '\n';
    return c === '\\' || (quotes && c === '"') ? c : all;
  });
}

function utf8(latin1: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    throw new Refused('UTF-8');
  }
}

function float(word: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(word)) {
    const v = Number(word);
    if (!Number.isFinite(v)) throw new Refused('range');
    return v;
  }
  if (/^[+-]?inf(?:inity)?$/i.test(word)) return word.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(word)) return Number.NaN;
  throw new Refused('no number');
}

function millis(word: string): number {
  const seconds = float(word);
  if (!Number.isFinite(seconds)) throw new Refused('time');
  const ms = seconds * 1000;
  const t = Math.abs(ms - Math.round(ms)) < 1e-6 ? Math.round(ms) : Math.trunc(ms);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(t, Number.MAX_SAFE_INTEGER));
}

/** Go's shortest spelling of a float with a fraction or an exponent; good for what the generators make. */
function bound(value: string): string {
  let v: number;
  try {
    v = float(value);
  } catch {
    return value;
  }
  if (Number.isNaN(v)) return 'NaN';
  if (!Number.isFinite(v)) return v > 0 ? '+Inf' : '-Inf';
  const plain = v === 0 || (Math.abs(v) >= 1e-4 && Math.abs(v) < 1e6);
  if (plain) return Number.isInteger(v) ? `${v === 0 ? 0 : v}.0` : String(v);
  return v.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
