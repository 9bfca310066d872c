/**
 * Patterns that need no matching machine: lists of strings (`a|b`, `node-[1-3]`, `(?i)warn`), and lists of strings
 * with `.*` or `.+` between them (`prod-.*`, `.*(error|fail).+`). Most matchers people write are one or the other.
 */
import { ANY, members, sizeOf } from './char-class.ts';
import type { Node } from './syntax.ts';

/** All strings that a pattern matches. With `fold` they are in lower case, and case does not matter (ASCII). */
export interface Strings {
  texts: readonly string[];
  fold: boolean;
}

/** Strings with gaps between them: sets[0] gap[0] sets[1] … ; a gap of n is at least n characters, any at all. */
export interface Gapped {
  /** One more than there are gaps; each set is a choice, `['']` where nothing need stand there. */
  sets: readonly (readonly string[])[];
  gaps: readonly (0 | 1)[];
  fold: boolean;
}

/** How many strings classes and sequences of choices may multiply to; a plain alternation may have any number. */
const MAX_PRODUCT = 256;

/** The list of strings that `node` matches, without duplicates, or undefined where there is no (short) list. */
export function stringsOf(node: Node): Strings | undefined {
  const strings = collect(node);
  return strings && { texts: [...new Set(strings.texts)], fold: strings.fold };
}

function collect(node: Node): Strings | undefined {
  switch (node.kind) {
    case 'literal':
      return { texts: [node.text], fold: node.fold && /[a-z]/.test(node.text) };
    case 'class':
      return sizeOf(node.chars) <= MAX_PRODUCT ? { texts: members(node.chars), fold: false } : undefined;
    case 'group':
      return collect(node.body);
    case 'concat': {
      let out: Strings | undefined = NOTHING_BUT_EMPTY;
      for (const part of node.parts) {
        const next = collect(part);
        out = next && product(out, next);
        if (out === undefined) return undefined;
      }
      return out;
    }
    case 'alternate': {
      const texts: string[] = [];
      let fold: boolean | undefined;
      for (const branch of node.branches) {
        const strings = collect(branch);
        if (strings === undefined) return undefined;
        const mode = agreed(fold ?? false, texts, strings);
        if (mode === undefined) return undefined;
        fold = mode;
        for (const text of strings.texts) texts.push(text);
      }
      return { texts, fold: fold ?? false };
    }
    case 'repeat':
      return repeated(node.body, node.min, node.max);
    default:
      return undefined;
  }
}

const NOTHING_BUT_EMPTY: Strings = { texts: [''], fold: false };

function repeated(body: Node, min: number, max: number): Strings | undefined {
  if (max === 0) return NOTHING_BUT_EMPTY;
  if (max > MAX_PRODUCT) return undefined;
  const once = collect(body);
  if (once === undefined) return undefined;
  let power: Strings | undefined = NOTHING_BUT_EMPTY;
  const texts: string[] = [];
  for (let n = 0; n <= max; n++) {
    if (n > 0) power = product(power, once);
    if (power === undefined || (texts.length > MAX_PRODUCT && max > 1)) return undefined;
    if (n >= min) for (const text of power.texts) texts.push(text);
  }
  return { texts, fold: once.fold };
}

function product(a: Strings, b: Strings): Strings | undefined {
  const fold = agreed(a.fold, a.texts, b);
  if (fold === undefined) return undefined;
  if (a.texts.length > 1 && b.texts.length > 1 && a.texts.length * b.texts.length > MAX_PRODUCT)
    return undefined;
  const texts: string[] = [];
  for (const head of a.texts) for (const tail of b.texts) texts.push(head + tail);
  return { texts, fold };
}

/** Whether case matters in two lists taken together; undefined where it matters in one only. */
function agreed(fold: boolean, texts: readonly string[], other: Strings): boolean | undefined {
  if (fold === other.fold) return fold;
  const strict = fold ? other.texts : texts;
  // What has no letters, and nothing that folds onto one, is the same either way.
  return strict.some((text) => /[A-Za-z\u017f\u212a]/.test(text)) ? undefined : true;
}

/** `node` as strings with gaps; undefined where it is something else. There is at least one gap. */
export function gappedOf(node: Node): Gapped | undefined {
  const sets: Strings[] = [NOTHING_BUT_EMPTY];
  const gaps: (0 | 1)[] = [];
  for (const part of flattened(node)) {
    const gap = gapOf(part);
    const last = sets.length - 1;
    if (gap === undefined) {
      const strings = stringsOf(part);
      const joined = strings && product(sets[last], strings);
      if (joined === undefined) return undefined;
      sets[last] = joined;
    } else if (last > 0 && sets[last] === NOTHING_BUT_EMPTY) {
      // Two gaps in a row are one; together they may want two characters, which no gap here does.
      if (gap + gaps[last - 1] > 1) return undefined;
      gaps[last - 1] = (gap + gaps[last - 1]) as 0 | 1;
    } else {
      gaps.push(gap);
      sets.push(NOTHING_BUT_EMPTY);
    }
  }
  if (gaps.length === 0) return undefined;
  const fold = sets.some((set) => set.fold);
  if (fold && sets.some((set) => agreed(true, [], set) === undefined)) return undefined;
  return { sets: sets.map((set) => set.texts), gaps, fold };
}

function gapOf(node: Node): 0 | 1 | undefined {
  if (node.kind === 'group') return gapOf(node.body);
  if (node.kind !== 'repeat' || node.max !== Number.POSITIVE_INFINITY || node.min > 1) return undefined;
  const any = node.body.kind === 'class' && sizeOf(node.body.chars) === sizeOf(ANY);
  return any ? (node.min as 0 | 1) : undefined;
}

function flattened(node: Node): Node[] {
  if (node.kind === 'concat') return node.parts.flatMap(flattened);
  if (node.kind === 'group' && node.body.kind !== 'alternate') return flattened(node.body);
  return [node];
}

/** Decides on a list of strings. */
export function matchStrings(strings: Strings): (text: string) => boolean {
  const { texts } = strings;
  if (texts.length === 1) {
    const only = texts[0];
    return (text) => text === only;
  }
  if (texts.length <= 4) return (text) => texts.includes(text);
  const set = new Set(texts);
  return (text) => set.has(text);
}

/** Decides on strings with gaps. */
export function matchGapped({ sets, gaps }: Gapped): (text: string) => boolean {
  const last = gaps.length;
  const heads = sets[0];
  const tails = sets[last];
  if (last === 1 && heads.length === 1 && tails.length === 1) {
    const head = heads[0];
    const tail = tails[0];
    const shortest = head.length + gaps[0] + tail.length;
    if (tail === '') return (text) => text.length >= shortest && text.startsWith(head);
    return (text) => text.length >= shortest && text.endsWith(tail) && text.startsWith(head);
  }
  return (text) => {
    for (const head of heads) {
      if (!text.startsWith(head)) continue;
      let at = head.length;
      // Taking each next string as early as it ends leaves the most room for those after it.
      for (let i = 1; i < last && at >= 0; i++) at = earliestEnd(text, sets[i], at + gaps[i - 1]);
      if (at < 0) continue;
      const room = text.length - at - gaps[last - 1];
      for (const tail of tails) if (tail.length <= room && text.endsWith(tail)) return true;
    }
    return false;
  };
}

function earliestEnd(text: string, choices: readonly string[], from: number): number {
  let earliest = -1;
  for (const choice of choices) {
    const start = text.indexOf(choice, from);
    if (start >= 0 && from <= text.length && (earliest < 0 || start + choice.length < earliest)) {
      earliest = start + choice.length;
    }
  }
  return earliest;
}

/** What every match of `node` starts with, '' where nothing is known. */
export function prefixOf(node: Node): string {
  const { prefix } = leading(node);
  // Half a surrogate pair is no prefix of anything.
  return /[\ud800-\udbff]$/.test(prefix) ? prefix.slice(0, -1) : prefix;
}

/** `exact`: the prefix is the whole of the match. */
function leading(node: Node): { prefix: string; exact: boolean } {
  switch (node.kind) {
    case 'literal': {
      // Under case folding only what stands before the first letter is certain.
      const prefix = node.fold ? /^[^a-z]*/.exec(node.text)![0] : node.text;
      return { prefix, exact: prefix === node.text };
    }
    case 'class':
      return sizeOf(node.chars) === 1
        ? { prefix: String.fromCodePoint(node.chars[0]), exact: true }
        : { prefix: '', exact: false };
    case 'begin':
    case 'end':
      return { prefix: '', exact: true };
    case 'group':
      return leading(node.body);
    case 'concat': {
      let prefix = '';
      for (const part of node.parts) {
        const next = leading(part);
        prefix += next.prefix;
        if (!next.exact) return { prefix, exact: false };
      }
      return { prefix, exact: true };
    }
    case 'alternate': {
      const all = node.branches.map(leading);
      const prefix = all.reduce((common, branch) => commonPrefix(common, branch.prefix), all[0].prefix);
      return { prefix, exact: all.every((branch) => branch.exact && branch.prefix === prefix) };
    }
    case 'repeat': {
      if (node.min === 0) return { prefix: '', exact: node.max === 0 };
      const body = leading(node.body);
      return { prefix: body.prefix, exact: body.exact && node.max === 1 };
    }
    case 'opaque':
      return { prefix: '', exact: false };
  }
}

function commonPrefix(a: string, b: string): string {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return a.slice(0, n);
}
