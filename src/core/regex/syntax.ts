/**
 * RE2's syntax as a tree, as far as the fast paths want to know it (https://github.com/google/re2/wiki/Syntax).
 * The parser understands a part of the language and answers undefined for all else, faults included: then re2js,
 * which knows all of it, decides and words the error. What is understood must be valid and mean the same there.
 */
import {
  ANY,
  ANY_BUT_NEWLINE,
  type CharClass,
  charClass,
  foldAscii,
  negate,
  PERL_CLASSES,
  POSIX_CLASSES,
} from './char-class.ts';

export type Node =
  /** With `fold`, `text` is in lower case and case does not matter. */
  | { kind: 'literal'; text: string; fold: boolean }
  | { kind: 'class'; chars: CharClass }
  /** One character of a class that is not known here. */
  | { kind: 'opaque' }
  /** `^` and `$`, without the multi-line flag. */
  | { kind: 'begin' }
  | { kind: 'end' }
  | { kind: 'concat'; parts: Node[] }
  | { kind: 'alternate'; branches: Node[] }
  /** `max` may be Infinity. */
  | { kind: 'repeat'; body: Node; min: number; max: number; greedy: boolean }
  /** A capturing group; groups that only bracket leave no trace. */
  | { kind: 'group'; body: Node };

export interface Syntax {
  root: Node;
  /** Name of each capturing group, '' where it has none. */
  groupNames: string[];
  /** Roughly how many instructions the pattern compiles to; counted repetition multiplies. */
  size: number;
  /** Whether nested counted repetition exceeds what RE2 allows: it is no pattern then, and re2js says so at once. */
  repeatsTooMuch: boolean;
}

export const EMPTY: Node = { kind: 'concat', parts: [] };

/** Limits of RE2: no pattern repeats anything more often, or nests deeper. */
const MAX_REPEAT = 1000;
const MAX_DEPTH = 500;

interface Flags {
  fold: boolean;
  dotNewline: boolean;
  swapGreed: boolean;
}

/** Undefined where the pattern is wrong, or uses what is left to re2js. `dotNewline` is the flag `s`. */
export function parseSyntax(pattern: string, dotNewline: boolean): Syntax | undefined {
  const parser = new Parser(pattern);
  try {
    const root = parser.alternation({ fold: false, dotNewline, swapGreed: false }, 0);
    if (!parser.atEnd) return undefined;
    const repeatsTooMuch = repeatProduct(root) > MAX_REPEAT;
    return { root, groupNames: parser.groupNames, size: sizeOfNode(root), repeatsTooMuch };
  } catch (error) {
    if (error === NOT_UNDERSTOOD) return undefined;
    throw error;
  }
}

/** The pattern with the names of its groups taken out, and those names: for patterns that use a name twice. */
export function withoutGroupNames(pattern: string): { pattern: string; groupNames: string[] } | undefined {
  const syntax = parseSyntax(pattern, true);
  if (syntax === undefined) return undefined;
  // The tree says that this is a valid pattern, in which `(?P<` outside a class or quotation opens a named group.
  const token = /\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\(\?P?<\w+>/gs;
  const plain = pattern.replace(token, (text) => (text.startsWith('(') ? '(' : text));
  return { pattern: plain, groupNames: syntax.groupNames };
}

const NOT_UNDERSTOOD = new Error('not understood');

class Parser {
  readonly groupNames: string[] = [];
  private readonly pattern: string;
  private at = 0;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  get atEnd(): boolean {
    return this.at === this.pattern.length;
  }

  /** Up to the end or an unpaired `)`. `flags` is changed by what `(?i)` says in here. */
  alternation(flags: Flags, depth: number): Node {
    if (depth > MAX_DEPTH) throw NOT_UNDERSTOOD;
    const branches = [this.concatenation(flags, depth)];
    while (this.eat('|')) branches.push(this.concatenation(flags, depth));
    return branches.length === 1 ? branches[0] : { kind: 'alternate', branches };
  }

  private concatenation(flags: Flags, depth: number): Node {
    const parts = new Run();
    while (!this.atEnd) {
      const c = this.pattern[this.at];
      if (c === '|' || c === ')') break;
      if (c === '(') this.group(parts, flags, depth);
      else if (c === '[') parts.push(this.bracketClass(flags));
      else if (c === '\\') this.escape(parts, flags);
      else if (c === '*' || c === '+' || c === '?') throw NOT_UNDERSTOOD;
      else if (c === '{' && this.countedRepeat() !== undefined) throw NOT_UNDERSTOOD;
      else {
        this.at += 1;
        if (c === '.') parts.push({ kind: 'class', chars: flags.dotNewline ? ANY : ANY_BUT_NEWLINE });
        else if (c === '^') parts.push({ kind: 'begin' });
        else if (c === '$') parts.push({ kind: 'end' });
        else {
          this.at -= 1;
          parts.character(this.rune(), flags.fold);
        }
      }
      this.repetition(parts, flags);
    }
    return parts.node();
  }

  /** What follows an atom: `*`, `+?`, `{2,3}`. Two in a row are an error. */
  private repetition(parts: Run, flags: Flags): void {
    let count: { min: number; max: number } | undefined;
    if (this.eat('*')) count = { min: 0, max: Number.POSITIVE_INFINITY };
    else if (this.eat('+')) count = { min: 1, max: Number.POSITIVE_INFINITY };
    else if (this.eat('?')) count = { min: 0, max: 1 };
    else count = this.countedRepeat();
    if (count === undefined) return;
    const greedy = this.eat('?') === flags.swapGreed;
    const next = this.pattern[this.at];
    if (next === '*' || next === '+' || next === '?') throw NOT_UNDERSTOOD;
    if (next === '{' && this.countedRepeat() !== undefined) throw NOT_UNDERSTOOD;
    const body = parts.pop();
    // An assertion, or nothing at all as after `(?i)`: rare enough for re2js.
    if (body === undefined || body.kind === 'begin' || body.kind === 'end') throw NOT_UNDERSTOOD;
    parts.push({ kind: 'repeat', body, ...count, greedy });
  }

  /** Reads `{n}`, `{n,}` or `{n,m}`; anything else after a brace makes the brace a literal. */
  private countedRepeat(): { min: number; max: number } | undefined {
    const match = matchAt(/\{(\d+)(?:(,)(\d*))?\}/y, this.pattern, this.at);
    if (match === null) return undefined;
    const [text, low, comma, high] = match;
    const leadingZero = /^0\d/;
    if (leadingZero.test(low) || leadingZero.test(high ?? '')) throw NOT_UNDERSTOOD;
    const min = Number(low);
    const max = comma === undefined ? min : high === '' ? Number.POSITIVE_INFINITY : Number(high);
    if (min > MAX_REPEAT || min > max || (max > MAX_REPEAT && max !== Number.POSITIVE_INFINITY))
      throw NOT_UNDERSTOOD;
    this.at += text.length;
    return { min, max };
  }

  private group(parts: Run, flags: Flags, depth: number): void {
    const named = matchAt(/\(\?P?<(\w+)>/y, this.pattern, this.at);
    const flagged =
      named === null ? matchAt(/\(\?([isU]*)(?:-([isU]+))?([:)])/y, this.pattern, this.at) : null;
    if (named === null && flagged === null) {
      if (this.pattern[this.at + 1] === '?') throw NOT_UNDERSTOOD;
      this.at += 1;
      this.groupNames.push('');
    } else {
      this.at += (named ?? flagged)![0].length;
      if (named !== null) this.groupNames.push(named[1]);
    }
    let inner = { ...flags };
    if (flagged !== null) {
      const [, on, off, end] = flagged;
      if (on === '' && off === undefined && end === ')') throw NOT_UNDERSTOOD;
      inner = withFlags(flags, on, off ?? '');
      if (end === ')') {
        Object.assign(flags, inner);
        // No atom: what repeats it is an error.
        if (/^[*+?{]/.test(this.pattern.slice(this.at, this.at + 1))) throw NOT_UNDERSTOOD;
        return;
      }
    }
    const body = this.alternation(inner, depth + 1);
    if (!this.eat(')')) throw NOT_UNDERSTOOD;
    // A literal in brackets must not be taken apart by a repetition that follows.
    if (flagged !== null) parts.push(body.kind === 'literal' ? { kind: 'concat', parts: [body] } : body);
    else parts.push({ kind: 'group', body });
  }

  private escape(parts: Run, flags: Flags): void {
    const c = this.pattern[this.at + 1];
    const perl = this.perlClass(flags);
    if (perl !== undefined) {
      parts.push({ kind: 'class', chars: perl });
    } else if (c === 'p' || c === 'P') {
      this.unicodeClass();
      parts.push({ kind: 'opaque' });
    } else if (c === 'A' || c === 'z') {
      this.at += 2;
      parts.push({ kind: c === 'A' ? 'begin' : 'end' });
    } else if (c === 'Q') {
      const end = this.pattern.indexOf('\\E', this.at);
      const quoted = this.pattern.slice(this.at + 2, end < 0 ? undefined : end);
      this.at = end < 0 ? this.pattern.length : end + 2;
      for (const character of quoted) parts.character(character.codePointAt(0)!, flags.fold);
      // An empty quotation is no atom; with re2js that repeats what stands before it.
      if (quoted === '') throw NOT_UNDERSTOOD;
    } else {
      parts.character(this.escapedRune(), flags.fold);
    }
  }

  /** `\d` and its like, outside or inside brackets. */
  private perlClass(flags: Flags): CharClass | undefined {
    const letter = this.pattern[this.at + 1] ?? '';
    const chars = PERL_CLASSES.get(letter.toLowerCase());
    if (chars === undefined) return undefined;
    this.at += 2;
    return foldedUnlessNegated(chars, flags.fold, letter < 'a');
  }

  /** `\pL` or `\p{Greek}`: understood for its length only. */
  private unicodeClass(): void {
    const match = matchAt(/\\[pP](?:[A-Z]|\{\^?[A-Za-z_]+\})/y, this.pattern, this.at);
    // re2js knows which names exist.
    if (match === null || !KNOWN_UNICODE.test(match[0])) throw NOT_UNDERSTOOD;
    this.at += match[0].length;
  }

  /** A single escaped character. */
  private escapedRune(): number {
    const hex = matchAt(/\\x(?:([\da-fA-F]{2})|\{([\da-fA-F]{1,6})\})/y, this.pattern, this.at);
    if (hex !== null) {
      this.at += hex[0].length;
      const rune = Number.parseInt(hex[1] ?? hex[2], 16);
      if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) throw NOT_UNDERSTOOD;
      return rune;
    }
    const c = this.pattern[this.at + 1];
    const control = CONTROLS.get(c);
    if (control === undefined && (c === undefined || !/^[!-/:-@[-`{-~]$/.test(c))) throw NOT_UNDERSTOOD;
    this.at += 2;
    return control ?? c.charCodeAt(0);
  }

  private bracketClass(flags: Flags): Node {
    this.at += 1;
    const negated = this.eat('^');
    let chars: number[] = [];
    let known = true;
    for (let first = true; first || this.pattern[this.at] !== ']'; first = false) {
      if (this.atEnd) throw NOT_UNDERSTOOD;
      const posix = matchAt(/\[:(\^?)(\w+):\]/y, this.pattern, this.at);
      if (posix !== null) {
        const named = POSIX_CLASSES.get(posix[2]);
        if (named === undefined) throw NOT_UNDERSTOOD;
        chars.push(...foldedUnlessNegated(named, flags.fold, posix[1] !== ''));
        this.at += posix[0].length;
        continue;
      }
      if (this.pattern.startsWith('[:', this.at)) throw NOT_UNDERSTOOD;
      const escaped = this.pattern[this.at] === '\\' ? this.pattern[this.at + 1] : '';
      if (escaped === 'p' || escaped === 'P') {
        this.unicodeClass();
        known = false;
        continue;
      }
      const perl = escaped === '' ? undefined : this.perlClass(flags);
      if (perl !== undefined) chars.push(...perl);
      else {
        const range = this.classRange();
        const folded = flags.fold ? foldAscii(range) : range;
        if (folded === undefined) known = false;
        else chars.push(...folded);
      }
      // Keeps long classes from being sorted at every step, and from growing without bound.
      if (chars.length > 4096) chars = [...charClass(chars)];
    }
    this.at += 1;
    if (!known) return { kind: 'opaque' };
    const all = charClass(chars);
    const final = negated ? negate(all) : all;
    // Matches nothing at all.
    return final.length === 0 ? { kind: 'opaque' } : { kind: 'class', chars: final };
  }

  private classRange(): CharClass {
    const from = this.classRune();
    if (this.pattern[this.at] !== '-' || this.pattern[this.at + 1] === ']') return [from, from];
    this.at += 1;
    if (this.atEnd) throw NOT_UNDERSTOOD;
    const to = this.classRune();
    if (to < from) throw NOT_UNDERSTOOD;
    return [from, to];
  }

  private classRune(): number {
    return this.pattern[this.at] === '\\' ? this.escapedRune() : this.rune();
  }

  private rune(): number {
    const rune = this.pattern.codePointAt(this.at)!;
    if (rune >= 0xd800 && rune <= 0xdfff) throw NOT_UNDERSTOOD;
    this.at += rune > 0xffff ? 2 : 1;
    return rune;
  }

  private eat(c: string): boolean {
    if (this.pattern[this.at] !== c) return false;
    this.at += 1;
    return true;
  }
}

const CONTROLS: ReadonlyMap<string | undefined, number> = new Map([
  ['a', 7],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
]);

const KNOWN_UNICODE =
  /^\\[pP](?:[CLMNPSZ]|\{\^?(?:L|Lu|Ll|Lt|Lm|Lo|M|N|Nd|P|S|Z|Greek|Latin|Cyrillic|Han)\})$/;

/** The parts of a concatenation, adjacent characters gathered into literals. */
class Run {
  private readonly parts: Node[] = [];
  private text = '';
  private fold = false;

  character(rune: number, fold: boolean): void {
    const c = String.fromCodePoint(rune);
    const folded = fold ? foldAscii([rune, rune]) : undefined;
    if (!fold) this.append(c, false);
    else if (folded === undefined) this.push({ kind: 'opaque' });
    else this.append(c.toLowerCase(), true);
  }

  push(node: Node): void {
    this.flush();
    this.parts.push(node);
  }

  /** Takes off what a repetition applies to. */
  pop(): Node | undefined {
    if (this.text === '') return this.parts.pop();
    const last = [...this.text.slice(-2)].at(-1)!;
    this.text = this.text.slice(0, -last.length);
    return { kind: 'literal', text: last, fold: this.fold };
  }

  node(): Node {
    this.flush();
    if (this.parts.length === 0) return EMPTY;
    return this.parts.length === 1 ? this.parts[0] : { kind: 'concat', parts: this.parts };
  }

  private append(c: string, fold: boolean): void {
    if (fold !== this.fold) this.flush();
    this.fold = fold;
    this.text += c;
  }

  private flush(): void {
    if (this.text !== '') this.parts.push({ kind: 'literal', text: this.text, fold: this.fold });
    this.text = '';
  }
}

function withFlags(flags: Flags, on: string, off: string): Flags {
  const value = (letter: string, before: boolean) =>
    off.includes(letter) ? false : on.includes(letter) || before;
  return {
    fold: value('i', flags.fold),
    dotNewline: value('s', flags.dotNewline),
    swapGreed: value('U', flags.swapGreed),
  };
}

function foldedUnlessNegated(chars: CharClass, fold: boolean, negated: boolean): CharClass {
  const base = fold ? foldAscii(chars)! : chars;
  return negated ? negate(base) : base;
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

/** The greatest product of nested counted repetitions, which RE2 limits. */
function repeatProduct(node: Node): number {
  switch (node.kind) {
    case 'concat':
      return node.parts.reduce((most, part) => Math.max(most, repeatProduct(part)), 1);
    case 'alternate':
      return node.branches.reduce((most, branch) => Math.max(most, repeatProduct(branch)), 1);
    case 'group':
      return repeatProduct(node.body);
    case 'repeat':
      return (
        repeatProduct(node.body) * Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min : node.max)
      );
    default:
      return 1;
  }
}

function sizeOfNode(node: Node): number {
  switch (node.kind) {
    case 'literal':
      return node.text.length;
    case 'concat':
      return node.parts.reduce((sum, part) => sum + sizeOfNode(part), 0);
    case 'alternate':
      return node.branches.reduce((sum, branch) => sum + sizeOfNode(branch) + 1, 0);
    case 'group':
      return sizeOfNode(node.body) + 2;
    case 'repeat': {
      const copies = node.max === Number.POSITIVE_INFINITY ? Math.max(node.min, 1) : node.max;
      return (sizeOfNode(node.body) + 1) * Math.max(copies, 1);
    }
    default:
      return 1;
  }
}
