/**
 * Series notation: a series and its values at equal steps, on one line. promtool's rule unit tests and the PromQL test
 * language share it (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series).
 *
 *     up{job="a"} 1 2.5 NaN -Inf    values
 *                 _ _x3             a gap, three gaps
 *                 stale             the end of the series
 *                 5x3               5 and three times 5 more
 *                 1+2x3 10-1x2      1 3 5 7, and 10 9 8
 *                 {{sum:3 count:2 buckets:[1 1]}}            a native histogram; x, + and - as above
 *
 * Behind `series@st` stand start timestamps, as durations relative to the samples' own timestamps.
 */
import { InputError } from '../../errors.ts';
import { parseDuration } from '../../model/duration.ts';
import { addHistogram, Combined, subtractHistogram } from '../../model/histogram-arithmetic.ts';
import { copyHistogram } from '../../model/histogram-copy.ts';
import type { Labels } from '../../model/labels.ts';
import { goFloatError, parseGoFloat } from '../../model/number.ts';
import { goQuote } from '../../model/quote.ts';
import { PromQLSyntaxError, parseMetricPrefix } from '../parser/index.ts';
import { parseHistogramNotation, type WrittenHistogram } from './histogram-notation.ts';
import { Sequence } from './sequence.ts';

export interface SeriesNotation {
  labels: Labels;
  values: Sequence;
  /** Whether `values` are start timestamps: seconds relative to the timestamp of the sample in the same row. */
  isStartTime: boolean;
}

/** The most values that one line may stand for. */
const MOST_VALUES = 1 << 24;

/** Parses a whole line. Throws InputError (`bad_series`) with the column. */
export function parseSeriesNotation(text: string): SeriesNotation {
  const { labels, end } = parseName(text);
  const isStartTime = text.startsWith('@st', end) && /^(?:\s|$)/.test(text.slice(end + 3));
  const from = isStartTime ? end + 3 : end;
  return { labels, values: new Reader(text, from).read(), isStartTime };
}

/** Parses the values alone. Throws InputError (`bad_series`) with the column. */
export function parseSeriesValues(text: string): Sequence {
  return new Reader(` ${text}`, 0, 1).read();
}

function parseName(text: string): { labels: Labels; end: number } {
  try {
    return parseMetricPrefix(text);
  } catch (error) {
    if (!(error instanceof PromQLSyntaxError)) throw error;
    throw new InputError('bad_series', error.reason, { line: 1, column: error.range.start + 1 });
  }
}

const SPACE = /[ \t]+/y;
const NUMBER = /(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const DURATION = /(?:\d+(?:ms|[smhdwy]))+/y;
const WORD = /inf|nan/iy;
const STALE = /stale/y;
const COUNT = /\d+/y;

class Reader {
  private readonly text: string;
  private readonly shift: number;
  private pos: number;
  private readonly values = new Sequence();

  /** `shift` is how many characters `text` has that its author did not write. */
  constructor(text: string, from: number, shift = 0) {
    this.text = text;
    this.pos = from;
    this.shift = shift;
  }

  read(): Sequence {
    while (this.pos < this.text.length) {
      if (this.take(SPACE) === undefined) throw this.unexpected('series values', 'a space');
      if (this.pos < this.text.length) this.readItem();
    }
    return this.values;
  }

  private readItem(): void {
    if (this.text.startsWith('{{', this.pos)) this.readHistograms();
    else if (this.accept('_')) {
      for (let n = this.readCount() ?? 1; n > 0; n--) this.values.pushGap();
    } else if (this.take(STALE) !== undefined) {
      for (let more = this.readCount() ?? 0; more >= 0; more--) this.values.pushStale();
    } else this.readFloats();
  }

  private readFloats(): void {
    let value = this.readNumber();
    let increment = 0;
    if (this.peek() === '+' || this.peek() === '-') {
      increment = this.readNumber();
      if (this.peek() !== 'x') throw this.unexpected('series values', '"x"');
    }
    for (let more = this.readCount() ?? 0; more >= 0; more--) {
      this.values.pushFloat(value);
      // Added up one by one, like Prometheus does it, so that rounding is the same.
      value += increment;
    }
  }

  private readNumber(): number {
    const start = this.pos;
    const negative = this.accept('-');
    if (!negative) this.accept('+');
    const duration = this.take(DURATION);
    if (duration !== undefined) {
      const seconds = this.converted(start, () => parseDuration(duration) / 1000);
      return negative ? -seconds : seconds;
    }
    const text = this.take(WORD) ?? this.take(NUMBER);
    if (text === undefined) {
      this.pos = start;
      throw this.unexpected('series values', 'number or "stale"');
    }
    if (/[\w.]/.test(this.peek()) && this.peek() !== 'x') {
      throw this.faultAt(start, `bad number syntax: ${goQuote(this.text.slice(start, this.pos + 1))}`);
    }
    const value = parseGoFloat(text);
    if (value === undefined) throw this.faultAt(start, `error parsing number: ${goFloatError(text)}`);
    return negative ? -value : value;
  }

  private readHistograms(): void {
    const start = this.pos;
    const first = this.readHistogram();
    const operator = this.peek();
    if (operator !== '+' && operator !== '-') {
      for (let more = this.readCount() ?? 0; more >= 0; more--) this.pushHistogram(first);
      return;
    }
    this.pos++;
    const second = this.readHistogram();
    if (this.peek() !== 'x') throw this.unexpected('series values', '"x"');
    const more = this.readCount()!;
    let current = first.histogram;
    this.pushHistogram({ histogram: current, hintGiven: second.hintGiven });
    for (let i = 0; i < more; i++) {
      const { schema } = second.histogram;
      if (current.schema > schema) {
        throw this.faultAt(
          start,
          `error combining histograms: cannot merge from schema ${schema} to ${current.schema}`,
        );
      }
      current = copyHistogram(current);
      const combine = operator === '+' ? addHistogram : subtractHistogram;
      if (combine(current, second.histogram) & Combined.incompatible) {
        throw this.faultAt(
          start,
          'error combining histograms: one is exponential, the other has custom buckets',
        );
      }
      this.pushHistogram({ histogram: current, hintGiven: second.hintGiven });
    }
  }

  private readHistogram(): WrittenHistogram {
    if (!this.text.startsWith('{{', this.pos)) throw this.unexpected('series values', '"{{"');
    const start = this.pos + 2;
    const end = this.text.indexOf('}}', start);
    if (end < 0) throw this.faultAt(this.pos, 'unclosed histogram: add }}');
    this.pos = end + 2;
    return parseHistogramNotation(this.text.slice(start, end), (offset, reason) =>
      this.faultAt(start + offset, reason),
    );
  }

  private pushHistogram({ histogram, hintGiven }: WrittenHistogram): void {
    this.values.pushHistogram(histogram, hintGiven);
  }

  /** The number behind an `x`; undefined where there is none. */
  private readCount(): number | undefined {
    if (!this.accept('x')) return undefined;
    const start = this.pos;
    const digits = this.take(COUNT);
    if (digits === undefined) throw this.unexpected('series values', 'number of repetitions');
    const count = Number(digits);
    if (count + this.values.length > MOST_VALUES) {
      throw this.faultAt(start, `too many values: a series may have ${MOST_VALUES}`);
    }
    return count;
  }

  private converted(at: number, convert: () => number): number {
    try {
      return convert();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw this.faultAt(at, error.reason);
    }
  }

  private peek(): string {
    return this.text[this.pos] ?? '';
  }

  private accept(c: string): boolean {
    if (this.peek() !== c) return false;
    this.pos++;
    return true;
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.pos;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.pos += match[0].length;
    return match[0];
  }

  private unexpected(context: string, expected: string): InputError {
    const rest = /^\S{0,10}/.exec(this.text.slice(this.pos))![0];
    const what = rest === '' ? 'end of input' : goQuote(rest);
    return this.faultAt(this.pos, `unexpected ${what} in ${context}, expected ${expected}`);
  }

  private faultAt(offset: number, reason: string): InputError {
    const column = Buffer.byteLength(this.text.slice(0, offset)) - this.shift + 1;
    return new InputError('bad_series', reason, { line: 1, column: Math.max(1, column) });
  }
}
