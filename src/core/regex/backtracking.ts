/**
 * JavaScript's RegExp is some ten times as fast as a linear-time machine, but backtracks: a bad pattern takes it
 * ages. This file proves for some patterns that it cannot, and translates those.
 *
 * The proof is that of LL(1) grammars: wherever the matcher has a choice (another round of a loop or what follows
 * it; one branch or another), the next character allows only one of them, so whatever it gives back fails at once.
 * Two relaxations keep ordinary patterns: outside of loops a few ambiguous choices may multiply to MAX_WAYS, and
 * one loop over single characters, such as the `.*` in `.*-prod-[0-9]+`, may be ambiguous; that costs a scan of the
 * rest for each character, and so the text must be short.
 */
import { type CharClass, charClass, EMPTY_CLASS, foldAscii, MAX_RUNE, overlap, union } from './char-class.ts';
import type { Node } from './syntax.ts';

const MAX_WAYS = 16;
/** Translations may not grow beyond this, in instructions. */
const MAX_SIZE = 2000;
/** Longest text, in UTF-16 units, that a pattern with an ambiguous loop, or without one, is tried on. */
const MAX_SCANNED_TEXT = 256;
const MAX_TEXT = 1 << 16;

export interface Translation {
  /** Matches whole texts; groups do not capture. */
  test: RegExp;
  /** The same with capturing groups, or undefined where JavaScript would fill them in another way. */
  capture: RegExp | undefined;
  /** In UTF-16 units; longer texts must go elsewhere. */
  maxTextLength: number;
}

export function translate(root: Node, size: number): Translation | undefined {
  if (size > MAX_SIZE) return undefined;
  const proof = new Proof();
  if (!proof.holds(root, END_OF_TEXT, false)) return undefined;
  return {
    test: new RegExp(`^(?:${source(root, false)})$`, 'su'),
    capture: capturesInLoop(root, false) ? undefined : new RegExp(`^(?:${source(root, true)})$`, 'su'),
    maxTextLength: proof.scans > 0 ? MAX_SCANNED_TEXT : MAX_TEXT,
  };
}

/** What follows the whole pattern: the end, as a character that no class holds. */
const END_OF_TEXT: CharClass = [MAX_RUNE + 1, MAX_RUNE + 1];

class Proof {
  /** Ambiguous loops over single characters. */
  scans = 0;
  private ways = 1;

  /** `follow`: what may come after `node`. Inside a loop nothing may be ambiguous. */
  holds(node: Node, follow: CharClass, inLoop: boolean): boolean {
    switch (node.kind) {
      case 'literal':
      case 'class':
      case 'begin':
      case 'end':
        return true;
      case 'opaque':
        return false;
      case 'group':
        return this.holds(node.body, follow, inLoop);
      case 'concat': {
        let after = follow;
        for (let i = node.parts.length - 1; i >= 0; i--) {
          if (!this.holds(node.parts[i], after, inLoop)) return false;
          const first = firstOf(node.parts[i]);
          if (first === undefined) return false;
          after = first.nullable ? union(first.chars, after) : first.chars;
        }
        return true;
      }
      case 'alternate':
        return this.alternateHolds(node.branches, follow, inLoop);
      case 'repeat':
        return this.repeatHolds(node, follow, inLoop);
    }
  }

  private alternateHolds(branches: readonly Node[], follow: CharClass, inLoop: boolean): boolean {
    let seen: CharClass = EMPTY_CLASS;
    let ambiguous = false;
    for (const branch of branches) {
      const first = firstOf(branch);
      if (first === undefined || !this.holds(branch, follow, inLoop)) return false;
      const starts = first.nullable ? union(first.chars, follow) : first.chars;
      ambiguous ||= overlap(seen, starts);
      seen = union(seen, starts);
    }
    return !ambiguous || (!inLoop && this.multiply(branches.length));
  }

  private repeatHolds(node: Node & { kind: 'repeat' }, follow: CharClass, inLoop: boolean): boolean {
    const { body, min, max } = node;
    const first = firstOf(body);
    if (first === undefined || first.nullable) return false;
    const loops = max > 1;
    if (!this.holds(body, loops ? union(first.chars, follow) : follow, inLoop || loops)) return false;
    if (min === max || !overlap(first.chars, follow)) return true;
    if (inLoop) return false;
    if (max !== Number.POSITIVE_INFINITY) return this.multiply(max - min + 1);
    this.scans += 1;
    return this.scans === 1 && isSingleCharacter(body);
  }

  private multiply(choices: number): boolean {
    this.ways *= choices;
    return this.ways <= MAX_WAYS;
  }
}

function isSingleCharacter(node: Node): boolean {
  if (node.kind === 'group') return isSingleCharacter(node.body);
  return node.kind === 'class' || (node.kind === 'literal' && [...node.text].length === 1);
}

/** What `node` can start with, and whether it can be empty. Undefined where that is not known. */
function firstOf(node: Node): { chars: CharClass; nullable: boolean } | undefined {
  switch (node.kind) {
    case 'literal': {
      const rune = node.text.codePointAt(0)!;
      const chars = [rune, rune];
      const folded = node.fold ? foldAscii(chars) : chars;
      return folded && { chars: folded, nullable: false };
    }
    case 'class':
      return { chars: node.chars, nullable: false };
    case 'begin':
    case 'end':
      return { chars: EMPTY_CLASS, nullable: true };
    case 'opaque':
      return undefined;
    case 'group':
      return firstOf(node.body);
    case 'concat': {
      let chars: CharClass = EMPTY_CLASS;
      for (const part of node.parts) {
        const first = firstOf(part);
        if (first === undefined) return undefined;
        chars = union(chars, first.chars);
        if (!first.nullable) return { chars, nullable: false };
      }
      return { chars, nullable: true };
    }
    case 'alternate': {
      const all: number[] = [];
      let nullable = false;
      for (const branch of node.branches) {
        const first = firstOf(branch);
        if (first === undefined) return undefined;
        all.push(...first.chars);
        nullable ||= first.nullable;
      }
      return { chars: charClass(all), nullable };
    }
    case 'repeat': {
      if (node.max === 0) return { chars: EMPTY_CLASS, nullable: true };
      const body = firstOf(node.body);
      return body && { chars: body.chars, nullable: body.nullable || node.min === 0 };
    }
  }
}

/** JavaScript forgets a group at each round of a loop around it; RE2 keeps what it last held. */
function capturesInLoop(node: Node, inLoop: boolean): boolean {
  switch (node.kind) {
    case 'group':
      return inLoop || capturesInLoop(node.body, inLoop);
    case 'concat':
      return node.parts.some((part) => capturesInLoop(part, inLoop));
    case 'alternate':
      return node.branches.some((branch) => capturesInLoop(branch, inLoop));
    case 'repeat':
      return capturesInLoop(node.body, inLoop || node.max > 1);
    default:
      return false;
  }
}

function source(node: Node, capturing: boolean): string {
  switch (node.kind) {
    case 'literal':
      return [...node.text].map((c) => characterSource(c, node.fold)).join('');
    case 'class':
      return classSource(node.chars);
    case 'begin':
      return '^';
    case 'end':
      return '$';
    case 'opaque':
      throw new Error('an opaque class has no translation');
    case 'group':
      return `${capturing ? '(' : '(?:'}${source(node.body, capturing)})`;
    case 'concat':
      return node.parts.map((part) => source(part, capturing)).join('');
    case 'alternate':
      return `(?:${node.branches.map((branch) => source(branch, capturing)).join('|')})`;
    case 'repeat': {
      const { min, max, greedy } = node;
      const count = max === Number.POSITIVE_INFINITY ? `{${min},}` : `{${min},${max}}`;
      return `(?:${source(node.body, capturing)})${count}${greedy ? '' : '?'}`;
    }
  }
}

function characterSource(c: string, fold: boolean): string {
  const rune = c.codePointAt(0)!;
  if (!fold) return runeSource(rune);
  return classSource(foldAscii([rune, rune])!);
}

function classSource(chars: CharClass): string {
  if (chars.length === 2 && chars[0] === chars[1]) return runeSource(chars[0]);
  let out = '';
  for (let i = 0; i < chars.length; i += 2) {
    out += runeSource(chars[i]);
    if (chars[i + 1] > chars[i]) out += `-${runeSource(chars[i + 1])}`;
  }
  return `[${out}]`;
}

function runeSource(rune: number): string {
  return `\\u{${rune.toString(16)}}`;
}
