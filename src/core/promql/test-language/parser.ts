/**
 * Reads scripts of the PromQL test language. A command is a line; the lines below it, up to an empty line or a
 * comment, belong to it.
 *
 *     load 5m
 *       http_requests{job="api"}  0+10x10
 *
 *     eval range from 0 to 10m step 5m sum(http_requests)
 *       expect no_warn
 *       {} 0 10 20
 *
 *     clear
 */
import { InputError } from '../../errors.ts';
import { parseDuration } from '../../model/duration.ts';
import { parseGoFloat } from '../../model/number.ts';
import { goQuote } from '../../model/quote.ts';
import {
  ALL_PARSER_FEATURES,
  type ParserOptions,
  PromQLSyntaxError,
  parseNumber,
  parseQuery,
} from '../parser/index.ts';
import { Expectations } from './expectations.ts';
import type {
  BadEval,
  Command,
  EvalCommand,
  InstantTime,
  LoadCommand,
  LoadSeries,
  RangeTimes,
  TestScript,
} from './script.ts';
import type { Sequence } from './sequence.ts';
import { parseSeriesNotation, type SeriesNotation } from './series-notation.ts';

export interface TestScriptOptions {
  file?: string;
  /** The language that queries may be written in; all of it unless told otherwise, as upstream's tests need. */
  parser?: Partial<ParserOptions>;
}

/** Throws InputError (`bad_test`) with file, line and column; but what is wrong with an `eval` becomes a BadEval. */
export function parseTestScript(text: string, options: TestScriptOptions = {}): TestScript {
  return { file: options.file, commands: new ScriptParser(text, options).parse() };
}

interface Line {
  /** Without space around; '' where it is empty or a comment. */
  text: string;
  number: number;
  /** How many bytes of space `text` was indented by. */
  indent: number;
}

const LOAD = /^load(_with_nhcb)?\s+(.+)$/;
const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+at\s+(\S+)\s+(.+)$/;
const RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/;

class ScriptParser {
  private readonly lines: Line[];
  private readonly options: TestScriptOptions;
  private next = 0;

  constructor(text: string, options: TestScriptOptions) {
    this.options = options;
    this.lines = text.split('\n').map((raw, i) => {
      const line = raw.trim();
      const indent = Buffer.byteLength(raw) - Buffer.byteLength(raw.trimStart());
      return { text: line.startsWith('#') ? '' : line, number: i + 1, indent };
    });
  }

  parse(): Command[] {
    const commands: Command[] = [];
    for (let line = this.take(); line !== undefined; line = this.take()) {
      if (line.text !== '') commands.push(this.parseCommand(line));
    }
    return commands;
  }

  private parseCommand(line: Line): Command {
    const word = line.text.split(/\s/, 1)[0].toLowerCase();
    if (word === 'clear') return { kind: 'clear', line: line.number };
    if (word.startsWith('load')) return this.parseLoad(line);
    if (word.startsWith('eval')) return this.tryEval(line);
    throw this.fault(line, 0, `invalid command ${goQuote(line.text)}, expected load, clear or eval`);
  }

  private parseLoad(line: Line): LoadCommand {
    const match = LOAD.exec(line.text);
    if (match === null) throw this.fault(line, 0, 'invalid load command. (load[_with_nhcb] <step:duration>)');
    const [, nhcb, step] = match;
    const stepMs = this.duration(line, step, 'step');
    const all = new Map<string, LoadSeries>();
    const startTimes = new Map<string, Sequence>();
    for (let own = this.takeOwn(); own !== undefined; own = this.takeOwn()) {
      const { labels, values, isStartTime } = this.parseSeries(own);
      const key = labels.toString();
      if (isStartTime) {
        startTimes.set(key, values);
        continue;
      }
      // A series that is given twice is the one given last.
      all.set(key, { line: own.number, labels, values, startTimes: startTimes.get(key) ?? null });
      startTimes.delete(key);
    }
    if (startTimes.size > 0) {
      const [series] = startTimes.keys();
      throw this.fault(line, 0, `start timestamps without samples: ${series} must follow ${series}@st`);
    }
    return {
      kind: 'load',
      line: line.number,
      stepMs,
      withNhcb: nhcb !== undefined,
      series: [...all.values()],
    };
  }

  private tryEval(line: Line): EvalCommand | BadEval {
    try {
      return this.parseEval(line);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      while (this.takeOwn() !== undefined);
      const expr = INSTANT.exec(line.text)?.[3] ?? RANGE.exec(line.text)?.[5] ?? line.text;
      return { kind: 'badEval', line: line.number, expr, fault: error };
    }
  }

  private parseEval(line: Line): EvalCommand {
    const instant = INSTANT.exec(line.text);
    const range = RANGE.exec(line.text);
    if (instant === null && range === null) {
      throw this.fault(
        line,
        0,
        "invalid evaluation command. Must be either 'eval[_fail|_warn|_ordered|_info] instant at <offset:duration> " +
          "<query>' or 'eval[_fail|_warn|_info] range from <from> to <to> step <step> <query>'",
      );
    }
    const modifier = (instant ?? range)![1] as 'fail' | 'warn' | 'ordered' | 'info' | undefined;
    const expr = (instant?.[3] ?? range?.[5])!;
    const at = line.text.length - expr.length;
    this.checkQuery(line, expr, at);
    let query: InstantTime | RangeTimes;
    if (instant !== null) query = { kind: 'instant', atMs: this.duration(line, instant[2], 'timestamp') };
    else query = this.rangeTimes(line, range![2], range![3], range![4]);
    const expectations = new Expectations(query.kind === 'instant', modifier);
    this.readExpectations(expectations);
    return {
      kind: 'eval',
      line: line.number,
      expr,
      column: columnOf(line, at),
      ...expectations.result(query),
    };
  }

  private readExpectations(expectations: Expectations): void {
    for (let line = this.takeOwn(); line !== undefined; line = this.takeOwn()) {
      const { text } = line;
      const rangeVector = /^expect range vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/.exec(text);
      if (rangeVector !== null) {
        const [, from, to, step] = rangeVector;
        expectations.rangeVector = this.rangeTimes(line, from, to, step);
        continue;
      }
      if (expectations.takes(text)) {
        this.at(line, () => expectations.add(text));
        continue;
      }
      const value = parseScalar(text);
      if (value !== undefined) {
        // Nothing can follow a scalar: what does is a command of its own.
        expectations.scalar = value;
        return;
      }
      const { labels, values } = this.parseSeries(line);
      if (values.length > 1 && expectations.isInstant && expectations.rangeVector === undefined) {
        throw this.fault(
          line,
          0,
          'expecting multiple values in instant evaluation not allowed. consider using ' +
            "'expect range vector' directive to enable a range vector result for an instant query",
        );
      }
      expectations.series.push({ line: line.number, labels, values });
    }
  }

  private parseSeries(line: Line): SeriesNotation {
    return this.at(line, () => parseSeriesNotation(line.text));
  }

  private checkQuery(line: Line, expr: string, at: number): void {
    try {
      parseQuery(expr, this.options.parser ?? ALL_PARSER_FEATURES);
    } catch (error) {
      if (!(error instanceof PromQLSyntaxError)) throw error;
      const column = columnOf(line, at) + error.range.start;
      throw new InputError('bad_test', `parse error: ${error.reason}`, {
        file: this.options.file,
        line: line.number,
        column,
      });
    }
  }

  private rangeTimes(line: Line, from: string, to: string, step: string): RangeTimes {
    const startMs = this.duration(line, from, 'start timestamp');
    const endMs = this.duration(line, to, 'end timestamp');
    if (endMs < startMs) {
      const reason = `invalid test definition, end timestamp (${to}) is before start timestamp (${from})`;
      throw this.fault(line, 0, reason);
    }
    return { kind: 'range', startMs, endMs, stepMs: this.duration(line, step, 'step') };
  }

  private duration(line: Line, text: string, what: string): number {
    try {
      return parseDuration(text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const at = line.text.indexOf(text);
      throw this.fault(line, at, `invalid ${what} definition ${goQuote(text)}: ${error.reason}`);
    }
  }

  private take(): Line | undefined {
    return this.lines[this.next++];
  }

  /** The next line where it belongs to the command before it. */
  private takeOwn(): Line | undefined {
    const line = this.lines[this.next];
    if (line === undefined || line.text === '') return undefined;
    this.next++;
    return line;
  }

  /** Runs `work` on a line's text, whose faults then get the line's place. */
  private at<T>(line: Line, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const column = (error.place.column ?? 1) + line.indent;
      throw new InputError('bad_test', error.reason, { file: this.options.file, line: line.number, column });
    }
  }

  /** `offset` counts UTF-16 units of the line's text. */
  private fault(line: Line, offset: number, reason: string): InputError {
    const column = columnOf(line, offset);
    return new InputError('bad_test', reason, { file: this.options.file, line: line.number, column });
  }
}

function columnOf(line: Line, offset: number): number {
  return line.indent + Buffer.byteLength(line.text.slice(0, offset)) + 1;
}

/** A number alone on its line. */
function parseScalar(text: string): number | undefined {
  const value = /^[\d.]/.test(text) ? parseNumber(text) : parseGoFloat(text);
  return typeof value === 'number' ? value : undefined;
}
