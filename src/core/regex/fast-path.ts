/** Chooses the cheapest way to decide a pattern that is made of lists of strings, anchored at both ends. */
import { type Gapped, gappedOf, matchGapped, matchStrings, type Strings, stringsOf } from './literals.ts';
import { EMPTY, type Node } from './syntax.ts';

export type Test = (text: string) => boolean;

export interface FastPath {
  test: Test;
  /** Everything that matches, where that is a list. */
  strings: readonly string[] | undefined;
}

/** Undefined where `root` is not of this kind. `machine` decides on texts outside ASCII where case does not matter. */
export function fastPath(root: Node, machine: Test): FastPath | undefined {
  const anchored = withoutAnchors(root);
  const strings = stringsOf(anchored);
  if (strings !== undefined) {
    return {
      test: folding(strings, matchStrings(strings), machine),
      strings: strings.fold ? undefined : strings.texts,
    };
  }
  const branches = anchored.kind === 'alternate' ? anchored.branches : [anchored];
  const texts: string[] = [];
  const gapped: Gapped[] = [];
  const tests: Test[] = [];
  for (const branch of branches) {
    const list = stringsOf(branch);
    const gaps = list === undefined ? gappedOf(branch) : undefined;
    if (list === undefined && gaps === undefined) return undefined;
    if (gaps !== undefined && !gaps.fold) gapped.push(gaps);
    else if (gaps !== undefined) tests.push(folding(gaps, matchGapped(gaps), machine));
    else if (list!.fold) tests.push(folding(list!, matchStrings(list!), machine));
    else for (const text of list!.texts) texts.push(text);
  }
  if (texts.length > 0) tests.unshift(matchStrings({ texts, fold: false }));
  if (gapped.length > 0) tests.push(anyGapped(gapped));
  return { test: anyOf(tests), strings: undefined };
}

/** `^` at the start and `$` at the end say nothing that the anchoring does not. */
function withoutAnchors(node: Node): Node {
  switch (node.kind) {
    case 'begin':
    case 'end':
      return EMPTY;
    case 'group':
      return withoutAnchors(node.body);
    case 'alternate':
      return { kind: 'alternate', branches: node.branches.map(withoutAnchors) };
    case 'concat': {
      let from = 0;
      let to = node.parts.length;
      while (from < to && node.parts[from].kind === 'begin') from++;
      while (to > from && node.parts[to - 1].kind === 'end') to--;
      if (from === to) return EMPTY;
      if (to - from === 1) return withoutAnchors(node.parts[from]);
      return { kind: 'concat', parts: node.parts.slice(from, to) };
    }
    default:
      return node;
  }
}

function folding({ fold }: Strings | Gapped, test: Test, machine: Test): Test {
  if (!fold) return test;
  // Outside ASCII there are more letters that fold onto those of the pattern.
  return (text) => (/^[\0-\x7f]*$/.test(text) ? test(text.toLowerCase()) : machine(text));
}

function anyOf(tests: readonly Test[]): Test {
  if (tests.length === 1) return tests[0];
  return (text) => {
    for (const test of tests) if (test(text)) return true;
    return false;
  };
}

/** Of many branches only those are tried that start like the text. */
function anyGapped(all: readonly Gapped[]): Test {
  if (all.length < 8) return anyOf(all.map(matchGapped));
  const byFirst = new Map<number, Test[]>();
  const anywhere: Test[] = [];
  for (const gapped of all) {
    const test = matchGapped(gapped);
    if (gapped.sets[0].includes('')) {
      anywhere.push(test);
      continue;
    }
    for (const first of new Set(gapped.sets[0].map((head) => head.charCodeAt(0)))) {
      const sameFirst = byFirst.get(first);
      if (sameFirst === undefined) byFirst.set(first, [test]);
      else sameFirst.push(test);
    }
  }
  const others = anyOf(anywhere);
  return (text) => {
    const candidates = byFirst.get(text.charCodeAt(0));
    if (candidates !== undefined) for (const test of candidates) if (test(text)) return true;
    return others(text);
  };
}
