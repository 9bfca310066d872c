/**
 * Random PromQL from a seed: well-typed expressions over the whole grammar, and mutations of them that mostly are not
 * PromQL any more. Used wherever two implementations, or two passes over a tree, have to agree.
 */
import {
  FUNCTIONS,
  type FunctionSignature,
  type ValueType,
} from '../../../../src/core/promql/parser/index.ts';

export interface GeneratorOptions {
  /** Metric names to choose from; ones that are not plain identifiers are written in braces. */
  readonly metrics: readonly string[];
  /** Those of them with native histograms. */
  readonly histograms: readonly string[];
  /** Label names with the values to match them against. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Whether to use what Prometheus 3.5 does not know: fill, anchored, step(), trimming, newer functions. */
  readonly newest: boolean;
  /** Functions that are not to be used. */
  readonly without: readonly string[];
  /** Levels of nesting. */
  readonly depth: number;
  /** Windows, steps and offsets. */
  readonly durations: readonly string[];
  /** What `@` is given; must suit the parser, and ought to suit the data. */
  readonly instants: readonly string[];
  /** How many of the selectors have matchers beside the name. */
  readonly matching: number;
  /** Odd spacing, comments, keywords in upper case, needless parentheses. */
  readonly noise: boolean;
}

const DEFAULTS: GeneratorOptions = {
  metrics: [
    'foo',
    'bar_total',
    'job:rate:sum',
    'http_request_duration_seconds',
    'up',
    'http.requests',
    'sum',
    'ünï',
  ],
  histograms: ['http_request_duration_seconds'],
  labels: {
    job: ['api', 'node'],
    le: ['0.1', '+Inf'],
    instance: ['a:9100', 'b"c', 'd\\e', ''],
    'service.name': ['x y', 'z\n'],
    offset: ['1'],
    _a1: ['ü', '日本'],
  },
  newest: true,
  without: [],
  depth: 4,
  durations: [
    '5m',
    '1h',
    '30s',
    '1d',
    '1w',
    '1y',
    '1h30m',
    '90s',
    '500ms',
    '15',
    '1.5',
    '0.25',
    '1h0m5s',
    '1001ms',
  ],
  instants: ['0', '1700000000.123', '-5', '5m', 'start()', 'end ( )', '0x10', '1e3'],
  matching: 0.5,
  noise: true,
};

/** Functions that Prometheus 3.5 does not have. */
const AFTER_3_5 = [
  'first_over_time',
  'histogram_quantiles',
  'start_timestamp',
  'ts_of_first_over_time',
  'start',
  'end',
  'step',
  'range',
  'min_of',
  'max_of',
];

const AGGREGATORS = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'];
const AGGREGATORS_WITH_SCALAR = ['topk', 'bottomk', 'quantile', 'limitk', 'limit_ratio'];
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'];
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
const SET_OPERATORS = ['and', 'or', 'unless'];

export class QueryGenerator {
  private readonly options: GeneratorOptions;
  private readonly functions: readonly FunctionSignature[];
  private state: number;
  /** The metric of the selectors in an expression whose parts must suit one another. */
  private metric: string | null = null;

  constructor(seed: number, options: Partial<GeneratorOptions> = {}) {
    this.options = { ...DEFAULTS, ...options };
    this.state = seed >>> 0;
    const unknown = new Set([...this.options.without, ...(this.options.newest ? [] : AFTER_3_5)]);
    this.functions = [...FUNCTIONS.values()].filter(({ name }) => !unknown.has(name));
  }

  /** An expression of the given type; mostly an instant vector where none is given. */
  query(type?: ValueType): string {
    const wanted =
      type ?? this.pick<ValueType>(['vector', 'vector', 'vector', 'vector', 'scalar', 'matrix', 'string']);
    return this.expr(wanted, this.options.depth);
  }

  /** `query` with one to three random changes. */
  mutate(query: string): string {
    let text = query;
    for (let changes = 1 + this.below(3); changes > 0; changes--) text = this.change(text);
    return text;
  }

  /** A whole number from 0 up to but not including `n`. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }

  private chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Mulberry32. */
  private next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  private expr(type: ValueType, depth: number): string {
    if (this.options.noise && depth > 0 && type !== 'matrix' && this.chance(0.05)) {
      return `(${this.space()}${this.expr(type, depth - 1)}${this.space()})`;
    }
    switch (type) {
      case 'string':
        return this.chance(0.95) || depth === 0
          ? this.string(this.text())
          : `(${this.expr('string', depth - 1)})`;
      case 'matrix':
        return this.matrix(depth);
      case 'scalar':
        return this.scalar(depth);
      case 'vector':
        return this.vector(depth);
    }
  }

  private scalar(depth: number): string {
    if (depth === 0 || this.chance(0.5)) return this.number();
    switch (this.below(5)) {
      case 0:
        return this.binary('scalar', 'scalar', depth);
      case 1:
        return this.pick(['-', '+']) + this.space() + this.operand('scalar', depth);
      default:
        return this.call('scalar', depth);
    }
  }

  private vector(depth: number): string {
    if (depth === 0) return this.selector() + this.modifiers();
    switch (this.below(14)) {
      case 0:
      case 1:
        return this.selector() + this.modifiers();
      case 2:
      case 3:
      case 4:
        return this.aggregate(depth);
      case 5:
        return this.binary('vector', 'scalar', depth);
      case 6:
        return this.binary('scalar', 'vector', depth);
      case 7:
      case 8:
        return this.binary('vector', 'vector', depth);
      case 9:
        return this.pick(['-', '+']) + this.operand('vector', depth);
      default:
        return this.call('vector', depth);
    }
  }

  /** Something that may stand beside an operator, in parentheses where it needs them to stay together. */
  private operand(type: ValueType, depth: number): string {
    const text = this.expr(type, depth - 1);
    return this.chance(0.7) ? `(${text})` : text;
  }

  private call(returnType: ValueType, depth: number): string {
    const func = this.pick(this.functions.filter((candidate) => candidate.returnType === returnType));
    const wanted = func.name.startsWith('histogram_') ? this.options.histograms : [];
    const args = this.about(wanted, () => func.argTypes.map((type) => this.expr(type, depth - 1)));
    if (func.name === 'double_exponential_smoothing' && this.chance(0.7)) args.splice(1, 2, '0.3', '0.6');
    if (func.name === 'info' && args.length > 1) args[1] = `{${this.matchers(1 + this.below(2))}}`;
    if (func.variadic !== 0 && this.chance(0.4)) args.pop();
    else if (func.variadic !== 0 && func.variadic !== 1 && args.length > 0 && this.chance(0.5)) {
      args.push(this.expr(func.argTypes[func.argTypes.length - 1], depth - 1));
    }
    return `${func.name}(${args.map((arg) => this.space() + arg).join(',')}${this.space()})`;
  }

  /** Mostly has all selectors that `make` writes select one of the metrics, where there are any. */
  private about<T>(metrics: readonly string[], make: () => T): T {
    if (metrics.length === 0 || this.metric !== null || this.chance(0.4)) return make();
    this.metric = this.pick(metrics);
    const made = make();
    this.metric = null;
    return made;
  }

  private aggregate(depth: number): string {
    const inner = this.expr('vector', depth - 1);
    let op = this.pick(AGGREGATORS);
    let args = inner;
    if (this.chance(0.3)) {
      op = this.pick(AGGREGATORS_WITH_SCALAR);
      args = `${this.expr('scalar', Math.min(1, depth - 1))}, ${inner}`;
    } else if (this.chance(0.1)) {
      op = 'count_values';
      args = `"value",${inner}`;
    }
    const name = this.keyword(op);
    if (this.chance(0.4)) return `${name}(${args})`;
    const grouping = `${this.keyword(this.pick(['by', 'without']))}${this.space()}(${this.labelList()})`;
    return this.chance(0.5) ? `${name} ${grouping} (${args})` : `${name}(${args})${this.space()}${grouping}`;
  }

  private binary(left: ValueType, right: ValueType, depth: number): string {
    const vectors = left === 'vector' && right === 'vector';
    const [lhs, rhs] = this.about(vectors ? this.options.metrics : [], () => [
      this.operand(left, depth),
      this.operand(right, depth),
    ]);
    const kind = this.below(vectors ? 4 : 3);
    let op = this.pick(ARITHMETIC);
    let modifiers = '';
    if (kind === 1) {
      op = this.pick(COMPARISONS);
      if ((left === 'scalar' && right === 'scalar') || this.chance(0.4))
        modifiers = ` ${this.keyword('bool')}`;
    } else if (kind === 3) {
      op = this.pick(SET_OPERATORS);
    } else if (this.options.newest && left === 'vector' && this.chance(0.1)) {
      op = this.pick(['</', '>/']);
    }
    if (vectors && this.chance(0.5)) {
      const labels = this.labelNames();
      modifiers += ` ${this.keyword(this.pick(['on', 'ignoring']))}${this.space()}(${labels.map((l) => this.label(l)).join(',')})`;
      if (kind !== 3 && this.chance(0.5)) {
        const others = Object.keys(this.options.labels).filter((name) => !labels.includes(name));
        const include = this.chance(0.5)
          ? ` (${others
              .slice(0, 2)
              .map((l) => this.label(l))
              .join(', ')})`
          : '';
        modifiers += ` ${this.keyword(this.pick(['group_left', 'group_right']))}${include}`;
        // What begins with a parenthesis would be read as the list of labels.
        if (include === '') modifiers += ' ()';
      }
    }
    if (vectors && kind !== 3 && this.options.newest && this.chance(0.2)) {
      modifiers += this.pick([
        ' fill (0)',
        ' fill_left(-1)',
        ' fill_right (Inf)',
        ' fill_left(2) fill_right(5m)',
      ]);
    }
    const around = /\w/.test(op) ? ' ' : this.space();
    return lhs + around + this.keyword(op) + modifiers + (modifiers === '' ? around : ' ') + rhs;
  }

  private matrix(depth: number): string {
    if (depth > 0 && this.chance(0.3)) {
      const step = this.chance(0.5) ? this.window() : '';
      return `${this.subject(depth)}[${this.window()}:${step}]${this.modifiers(true)}`;
    }
    const extended = this.options.newest && this.chance(0.1) ? this.pick([' anchored', ' smoothed']) : '';
    return `${this.selector()}[${this.window()}]${extended}${this.modifiers(true)}`;
  }

  /** What a subquery may be put behind without parentheses around it. */
  private subject(depth: number): string {
    switch (this.below(3)) {
      case 0:
        return this.selector();
      case 1:
        return this.call('vector', depth);
      default:
        return `(${this.expr('vector', depth - 1)})`;
    }
  }

  private window(): string {
    // Prometheus takes no comment directly behind the bracket.
    const before = this.options.noise ? this.pick(['', '', ' ', '\t\n']) : '';
    return before + (this.chance(0.15) ? this.durationExpr(2) : this.duration()) + this.space();
  }

  /** `closed` says that no operator can follow, which would be read as part of `offset (…)`. */
  private modifiers(closed = false): string {
    const at = ` @ ${this.pick(this.options.instants)}`;
    if (!this.chance(0.15)) return this.chance(0.1) ? at : '';
    const offset = ` ${this.keyword('offset')} `;
    if (this.chance(0.2)) {
      if (closed) return `${offset}(${this.durationExpr(2)})`;
      if (this.options.newest) return `${offset}(${this.durationExpr(2)})${at}`;
    }
    const modifiers = [
      `${offset}${this.pick(['', '-', '- '])}${this.duration()}`,
      this.chance(0.3) ? at : '',
    ];
    return (this.chance(0.5) ? modifiers.reverse() : modifiers).join('');
  }

  private duration(): string {
    return this.pick(this.options.durations);
  }

  /** Arithmetic whose value is mostly positive. */
  private durationExpr(depth: number): string {
    if (depth === 0 || this.chance(0.3))
      return this.chance(0.7) ? this.duration() : this.pick(['2', '3', '10']);
    if (this.options.newest && this.chance(0.3)) {
      const args = `${this.durationExpr(depth - 1)},${this.durationExpr(depth - 1)}`;
      return this.pick(['step()', 'range()', `min_of(${args})`, `max_of(${args})`]);
    }
    const lhs = this.durationExpr(depth - 1);
    const rhs = this.durationExpr(depth - 1);
    return this.pick([
      `${lhs} + ${rhs}`,
      `${lhs}*${rhs}`,
      `(${lhs} + ${rhs})`,
      `${lhs} - ${rhs}`,
      `${lhs} / ${rhs}`,
      `${lhs} % ${rhs}`,
      `2 ^ ${rhs}`,
      `-${lhs} + ${rhs}`,
      `(-(${lhs}) + ${rhs})`,
    ]);
  }

  private number(): string {
    return this.pick(NUMBERS);
  }

  private selector(): string {
    const metric = this.metric ?? this.pick(this.options.metrics);
    const isPlain = /^[a-zA-Z_:][\w:]*$/.test(metric);
    if (isPlain && this.chance(0.9)) {
      if (!this.chance(this.options.matching)) return metric;
      return `${metric}${this.space()}{${this.matchers(this.below(3))}}`;
    }
    const name = this.chance(0.5) ? this.string(metric) : `__name__=${this.string(metric)}`;
    const others = this.matchers(this.chance(this.options.matching) ? 1 : 0);
    return `{${this.space()}${name}${others === '' ? '' : `,${others}`}}`;
  }

  private matchers(count: number): string {
    const matchers: string[] = [];
    for (let i = 0; i < count; i++) {
      const name = this.pick(Object.keys(this.options.labels));
      const value = this.pick(this.options.labels[name]);
      const op = this.pick(['=', '!=', '=~', '!~']);
      const pattern = this.pick([
        '',
        '.*',
        '.+',
        'a|b',
        '(a|b).*',
        '[0-9]+',
        value.replaceAll(/[^\w]/g, '.'),
      ]);
      const written = op.includes('~') ? pattern : value;
      matchers.push(`${this.matcherName(name)}${this.space()}${op}${this.space()}${this.string(written)}`);
    }
    return matchers.join(`,${this.space()}`) + (count > 0 && this.chance(0.1) ? ',' : '');
  }

  private matcherName(name: string): string {
    return /^[a-zA-Z_]\w*$/.test(name) && this.chance(0.9) ? name : this.string(name);
  }

  private labelNames(): string[] {
    return Object.keys(this.options.labels).filter(() => this.chance(0.3));
  }

  private labelList(): string {
    return this.labelNames()
      .map((name) => this.label(name))
      .join(`,${this.space()}`);
  }

  private label(name: string): string {
    return this.matcherName(name);
  }

  private text(): string {
    return this.pick([
      '',
      'a',
      'job',
      '$1',
      '(.*)',
      'x"y',
      "it's",
      'tab\t',
      'new\nline',
      'ü',
      '日本',
      '😀',
      '\u0007',
      '\u00a0',
      '`',
    ]);
  }

  private string(text: string): string {
    switch (this.below(4)) {
      case 0:
        if (!text.includes('`')) return `\`${text}\``;
        return JSON.stringify(text);
      case 1:
        if (!/['"\\\p{Cc}]/u.test(text)) return `'${text}'`;
        return JSON.stringify(text);
      default:
        return JSON.stringify(text);
    }
  }

  private keyword(word: string): string {
    if (!this.options.noise || !this.chance(0.1)) return word;
    return this.chance(0.5) ? word.toUpperCase() : word[0].toUpperCase() + word.slice(1);
  }

  private space(): string {
    if (!this.options.noise || this.chance(0.7)) return '';
    return this.pick([' ', ' ', '  ', '\t', '\n', '\r\n', ' # why\n']);
  }

  private change(text: string): string {
    const at = this.below(text.length + 1);
    const length = 1 + this.below(4);
    switch (this.below(7)) {
      case 0:
        return text.slice(0, at) + text.slice(at + length);
      case 1:
        return text.slice(0, at) + this.pick(FRAGMENTS) + text.slice(at);
      case 2:
        return text.slice(0, at) + this.pick(FRAGMENTS) + text.slice(at + length);
      case 3:
        return text.slice(0, at);
      case 4: {
        const to = this.below(text.length + 1);
        return text.slice(0, to) + text.slice(at, at + length * 3) + text.slice(to);
      }
      case 5: {
        // Whole words, which is where the grammar decides.
        const words = text.split(/\b/);
        const i = this.below(words.length);
        words[i] = this.pick(FRAGMENTS);
        return words.join('');
      }
      default: {
        const words = text.split(/\b/);
        const i = this.below(words.length);
        const j = this.below(words.length);
        [words[i], words[j]] = [words[j], words[i]];
        return words.join('');
      }
    }
  }
}

const NUMBERS = [
  '0',
  '1',
  '2.5',
  '.5',
  '1.',
  '1e3',
  '1E-3',
  '0x1F',
  '010',
  '08',
  '1_000',
  '1_000.5',
  'Inf',
  'inf',
  'NaN',
  'nan',
  '1e300',
  '5e-324',
  '123456789.123',
  '0.1',
  '5m',
  '1h30m',
  '9007199254740993',
];

const FRAGMENTS = [
  ...[
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '=',
    '==',
    '!=',
    '=~',
    '!~',
    '!',
    '<',
    '>',
    '<=',
    '+',
    '-',
    '*',
    '/',
    '%',
  ],
  ...[
    '^',
    '@',
    '#',
    '"',
    "'",
    '`',
    '\\',
    ' ',
    '\n',
    '.',
    '_',
    ';',
    '$',
    '&',
    '|',
    '~',
    '?',
    '5m',
    '5',
    '1e',
    '0x',
    '1_',
  ],
  ...[
    'by',
    'without',
    'on',
    'ignoring',
    'group_left',
    'group_right',
    'bool',
    'offset',
    'and',
    'or',
    'unless',
    'atan2',
  ],
  ...[
    'sum',
    'topk',
    'count_values',
    'rate',
    'start',
    'end',
    'start()',
    'foo',
    'job',
    'job:x',
    'Inf',
    'nan',
    'abs',
    'info',
  ],
  ...[
    '"x"',
    '"\\x',
    '"\\u12"',
    '[5m]',
    '[5m:]',
    '[5m:1m]',
    '{}',
    '{a="b"}',
    '()',
    '(foo)',
    '1y5',
    '0s',
    '-5m',
    '5h5',
    '\u00e9',
  ],
  ...[
    '{__name__="x"}',
    '{"x"}',
    'quantile',
    'offset 5m',
    '@ 5',
    'by (job)',
    'on (job)',
    'group_left ()',
    '[0]',
    '10m5',
  ],
];
