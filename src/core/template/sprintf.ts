/** Go's Sprintf: goes through a format, directive by directive (https://pkg.go.dev/fmt). */
import { formatValue, formatVerb, PLAIN, type Spec } from './format.ts';
import { GoInt, type GoValue, typeName } from './value.ts';

/** Widths and precisions beyond it are not taken for numbers. */
const TOO_LARGE = 1_000_000;

export function sprintf(format: string, args: readonly GoValue[]): string {
  return new Directives(format, args).run();
}

class Directives {
  private readonly format: string;
  private readonly args: readonly GoValue[];
  private pos = 0;
  private arg = 0;
  /** An index in brackets was used: then arguments may be left over. */
  private reordered = false;
  private goodIndex = true;
  private out = '';

  constructor(format: string, args: readonly GoValue[]) {
    this.format = format;
    this.args = args;
  }

  run(): string {
    for (;;) {
      const percent = this.format.indexOf('%', this.pos);
      if (percent < 0) break;
      this.out += this.format.slice(this.pos, percent);
      this.pos = percent + 1;
      if (!this.directive()) break;
      if (this.pos >= this.format.length) return this.out + this.extra();
    }
    return this.out + this.format.slice(this.pos) + this.extra();
  }

  /** False where the format ended before the verb. */
  private directive(): boolean {
    const spec = { ...PLAIN };
    this.goodIndex = true;
    this.flags(spec);
    let indexed = this.index();
    if (this.take('*')) {
      spec.width = this.star();
      if (spec.width === undefined) this.out += '%!(BADWIDTH)';
      else if (spec.width < 0) {
        spec.width = -spec.width;
        spec.minus = true;
        spec.zero = false;
      }
      indexed = false;
    } else {
      spec.width = this.number();
      if (indexed && spec.width !== undefined) this.goodIndex = false;
    }
    if (this.take('.')) {
      if (indexed) this.goodIndex = false;
      indexed = this.index();
      if (this.take('*')) {
        spec.precision = this.star();
        if (spec.precision !== undefined && spec.precision < 0) spec.precision = undefined;
        if (spec.precision === undefined) this.out += '%!(BADPREC)';
        indexed = false;
      } else {
        spec.precision = this.number() ?? 0;
      }
    }
    if (!indexed) this.index();
    const rune = this.format.codePointAt(this.pos);
    if (rune === undefined) {
      this.out += '%!(NOVERB)';
      return false;
    }
    const verb = String.fromCodePoint(rune);
    this.pos += verb.length;
    this.verb(verb, spec);
    return true;
  }

  private verb(verb: string, spec: Spec): void {
    if (verb === '%') this.out += '%';
    else if (!this.goodIndex) this.out += `%!${verb}(BADINDEX)`;
    else if (this.arg >= this.args.length) this.out += `%!${verb}(MISSING)`;
    else {
      if (verb === 'v' || verb === 'w') {
        spec.source = spec.sharp;
        spec.named = spec.plus;
        spec.sharp = false;
        spec.plus = false;
      }
      this.out += formatVerb(verb, this.args[this.arg++], spec);
    }
  }

  private flags(spec: Spec): void {
    for (; this.pos < this.format.length; this.pos++) {
      const c = this.format[this.pos];
      if (c === '#') spec.sharp = true;
      else if (c === '0') spec.zero = true;
      else if (c === '+') spec.plus = true;
      else if (c === '-') spec.minus = true;
      else if (c === ' ') spec.space = true;
      else return;
    }
  }

  /** `[2]` says which argument comes next; returns whether one was given. */
  private index(): boolean {
    if (this.format[this.pos] !== '[') return false;
    this.reordered = true;
    const close = this.format.indexOf(']', this.pos);
    const index = /^\d+$/.exec(this.format.slice(this.pos + 1, Math.max(close, this.pos + 1)));
    this.pos = close < 0 ? this.pos + 1 : close + 1;
    const at = index === null ? -1 : Number(index[0]) - 1;
    if (at >= 0 && at < this.args.length) {
      this.arg = at;
      return true;
    }
    this.goodIndex = false;
    return index !== null;
  }

  private take(c: string): boolean {
    if (this.format[this.pos] !== c) return false;
    this.pos++;
    return true;
  }

  private number(): number | undefined {
    const from = this.pos;
    while (/\d/.test(this.format[this.pos] ?? '')) this.pos++;
    if (from === this.pos) return undefined;
    const value = Number(this.format.slice(from, this.pos));
    if (value <= TOO_LARGE) return value;
    this.pos = this.format.length;
    return undefined;
  }

  /** The argument that stands for a `*`. */
  private star(): number | undefined {
    if (this.arg >= this.args.length) return undefined;
    const value = this.args[this.arg++];
    if (!(value instanceof GoInt)) return undefined;
    const number = Number(value.value);
    return Math.abs(number) <= TOO_LARGE ? number : undefined;
  }

  private extra(): string {
    if (this.reordered || this.arg >= this.args.length) return '';
    const rest = this.args
      .slice(this.arg)
      .map((arg) => (arg === null || arg === undefined ? '<nil>' : `${typeName(arg)}=${formatValue(arg)}`));
    return `%!(EXTRA ${rest.join(', ')})`;
  }
}
