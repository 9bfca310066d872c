/**
 * What a client library's own parser of the text format makes of an exposition: metric families, each with its
 * metrics. It is stricter than a scrape (headers may not be repeated, every name is one of before UTF-8, everything
 * needs its line feed), and that is what `scrape check` is for. Verdicts and messages are those of
 * `promtool check metrics` 3.5.
 */
import { isUtf8 } from 'node:buffer';
import { METRIC_NAME } from '../../model/labels.ts';
import { isLegacyLabelName, isLegacyMetricName } from '../../model/names.ts';
import { parseSampleFloat } from '../../model/number.ts';
import { goQuote } from '../../model/quote.ts';
import { FamilySet, type FamilyType, isHistogram, type LintFamily, type SampleOf } from './family-set.ts';
import { NEWLINE, QUOTE, Scanner, shownByte, shownBytes } from './scanner.ts';

const HASH = 0x23;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

const TYPES = new Map<string, FamilyType>([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['summary', 'summary'],
  ['untyped', 'untyped'],
  ['histogram', 'histogram'],
  ['gauge_histogram', 'gauge_histogram'],
  ['gaugehistogram', 'gauge_histogram'],
]);

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** All families that have samples, in order of appearance. Throws InputError with the line. */
export function readFamilies(bytes: Uint8Array): LintFamily[] {
  const reader = new FamilyReader(bytes);
  while (reader.line());
  return reader.families.all();
}

class FamilyReader {
  readonly families = new FamilySet();
  private readonly scan: Scanner;
  /** Of the sample that is being read; null until its name has come. */
  private sample: SampleOf | null = null;
  private labels: [string, string][] = [];
  /** The values of `le` and `quantile` among them, until the family says whether they are labels. */
  private hasBound = false;

  constructor(bytes: Uint8Array) {
    this.scan = new Scanner(bytes);
  }

  /** Reads one line; false at the end of the input. */
  line(): boolean {
    const { scan } = this;
    scan.line++;
    scan.skipBlanks();
    if (scan.isAtEnd) return false;
    const first = scan.current();
    if (first === HASH) this.readComment();
    else if (first !== NEWLINE) this.readSample(first);
    scan.skipLine();
    return true;
  }

  /** Reads a header; of other comments only the first word. */
  private readComment(): void {
    const { scan } = this;
    scan.advance();
    scan.skipBlanks();
    const keyword = scan.word().toString();
    if (keyword !== 'HELP' && keyword !== 'TYPE') return;
    scan.skipBlanks();
    if (scan.current() === NEWLINE) return;
    const name = scan.name('metric');
    if (scan.current() === NEWLINE) return;
    if (!scan.isAtBlank) throw scan.fault('invalid metric name in comment');
    const { family } = this.familyOf(name);
    scan.skipBlanks();
    if (scan.current() === NEWLINE) return;
    if (keyword === 'HELP') this.readHelp(family);
    else this.readType(family);
  }

  private readHelp(family: LintFamily): void {
    if (family.help !== undefined) {
      throw this.scan.fault(`second HELP line for metric name ${goQuote(family.name)}`);
    }
    family.help = this.scan.helpText().toString();
  }

  private readType(family: LintFamily): void {
    const { scan } = this;
    if (family.type !== undefined) {
      const name = goQuote(family.name);
      throw scan.fault(`second TYPE line for metric name ${name}, or TYPE reported after samples`);
    }
    const word = scan.restOfLine();
    const type = TYPES.get(word.toString().toLowerCase());
    if (type === undefined) throw scan.fault(`unknown metric type ${shownBytes(word)}`);
    family.type = type;
  }

  private readSample(first: number): void {
    const { scan } = this;
    this.sample = null;
    this.labels = [];
    this.hasBound = false;
    if (first !== BRACE_OPEN) {
      const name = scan.name('metric');
      if (name.length === 0) throw scan.fault('invalid metric name');
      this.named(name);
      scan.skipBlanks();
    }
    if (scan.current() === BRACE_OPEN) this.readLabels(first === BRACE_OPEN);
    if (this.sample === null) throw scan.fault('invalid metric name');
    const word = scan.word();
    if (parseSampleFloat(word.toString()) === undefined) {
      throw scan.fault(`expected float as value, got ${shownBytes(word)}`);
    }
    this.families.add(this.sample, this.labels, this.hasBound);
    if (scan.current() !== NEWLINE) this.readTimestamp();
  }

  private readTimestamp(): void {
    const { scan } = this;
    scan.skipBlanks();
    const word = scan.word();
    if (!isInt64(word.toString('latin1'))) {
      throw scan.fault(`expected integer as timestamp, got ${shownBytes(word)}`);
    }
    const rest = scan.restOfLine();
    if (rest.length > 0) throw scan.fault(`spurious string after timestamp: ${shownBytes(rest)}`);
  }

  /** Reads labels, among which the metric's name may be, up to behind the closing brace. */
  private readLabels(nameInside: boolean): void {
    const { scan } = this;
    do {
      scan.advance();
      scan.skipBlanks();
      if (scan.current() === BRACE_CLOSE) break;
      this.readLabel(nameInside);
    } while (scan.current() === COMMA);
    scan.advance();
    scan.skipBlanks();
  }

  /** Reads a label, or the metric's name, up to the comma or closing brace behind it. */
  private readLabel(nameInside: boolean): void {
    const { scan } = this;
    const name = scan.name('label');
    if (name.length === 0) throw scan.fault(`invalid label name for metric ${this.shownName}`);
    scan.skipBlanks();
    if (scan.current() !== EQUALS && nameInside) {
      if (this.sample !== null) throw scan.fault(`multiple metric names for metric ${this.shownName}`);
      const next = scan.current();
      if (next !== COMMA && next !== BRACE_CLOSE) {
        throw scan.fault(`unexpected end of metric name ${shownByte(next)}`);
      }
      this.named(name);
      return;
    }
    const label = name.toString();
    if (scan.current() !== EQUALS) {
      throw scan.fault(`expected '=' after label name, found ${shownByte(scan.current())}`);
    }
    if (label === METRIC_NAME) throw scan.fault(`label name ${goQuote(label)} is reserved`);
    if (!isLegacyLabelName(label)) throw scan.fault(`invalid label name ${shownBytes(name)}`);
    const isBound = this.sample !== null && label === boundLabel(this.sample.family.type);
    if (!isBound && this.labels.some(([known]) => known === label)) {
      throw scan.fault(`duplicate label names for metric ${this.shownName}`);
    }
    scan.advance();
    scan.skipBlanks();
    if (scan.current() !== QUOTE) {
      throw scan.fault(`expected '"' at start of label value, found ${shownByte(scan.current())}`);
    }
    scan.advance();
    const value = scan.labelValue();
    if (!isUtf8(value)) throw scan.fault(`invalid label value ${shownBytes(value)}`);
    if (isBound) this.setBound(label, value.toString());
    else this.labels.push([label, value.toString()]);
    scan.skipBlanks();
    if (scan.current() !== COMMA && scan.current() !== BRACE_CLOSE) {
      throw scan.fault(`unexpected end of label value ${shownBytes(value)}`);
    }
  }

  private get shownName(): string {
    return goQuote(this.sample?.family.name ?? '');
  }

  /** The metric's name has come: labels before it may turn out to be bounds. */
  private named(name: Buffer): void {
    this.sample = this.familyOf(name);
    const { family } = this.sample;
    family.type ??= 'untyped';
    const bound = boundLabel(family.type);
    for (const [label, value] of this.labels) if (label === bound) this.setBound(label, value);
    this.labels = this.labels.filter(([label]) => label !== bound);
  }

  private setBound(label: string, value: string): void {
    if (parseSampleFloat(value) === undefined) {
      throw this.scan.fault(`expected float as value for '${label}' label, got ${goQuote(value)}`);
    }
    this.hasBound = true;
  }

  private familyOf(name: Buffer): SampleOf {
    const text = name.toString();
    if (!isLegacyMetricName(text)) throw this.scan.fault(`invalid metric name ${shownBytes(name)}`);
    return this.families.of(text);
  }
}

/** The label that is no label but a bound in families of this type. */
function boundLabel(type: FamilyType | undefined): string | undefined {
  if (type === 'summary') return 'quantile';
  return isHistogram(type) ? 'le' : undefined;
}

/** Whether Go's ParseInt takes it for a 64-bit integer in decimal. */
function isInt64(text: string): boolean {
  if (!/^[+-]?\d+$/.test(text)) return false;
  const value = BigInt(text.replace(/^\+/, ''));
  return value >= MIN_INT64 && value <= MAX_INT64;
}
