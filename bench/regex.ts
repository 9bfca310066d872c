/**
 * Matching 100,000 label values: our Regex beside re2js alone (what it falls back to) and JavaScript's RegExp (the
 * floor, which is not safe for what strangers write). Nanoseconds a value, best of five rounds.
 */
import { RE2JS } from 're2js';
import { compileRegex } from '../src/core/regex/index.ts';

const values = Array.from(
  { length: 100_000 },
  (_, i) => `instance-${i % 977}.region-${i % 13}.example.com:${9000 + (i % 100)}-${i}`,
);

const patterns: [what: string, pattern: string][] = [
  ['literal', 'instance-1\\.region-1\\.example\\.com:9001-1'],
  ['list', 'instance-1\\.region-1\\.example\\.com:900(1|2|3)-[0-9]'],
  ['prefix', 'instance-9.*'],
  ['suffix', '.*-77'],
  ['contains', '.*region-7.*'],
  ['two gaps', 'instance-.*region-(1|2|3)\\..*'],
  ['ignoring case', '(?i)INSTANCE-9.*'],
  ['deterministic', 'instance-[0-9]+\\.region-[1-3]\\.example\\.com:.*'],
  ['one scan', 'instance-.*-1[0-9]+'],
  ['re2 only', '(.*)(region|example).*[0-9]+.*-1[0-9]*'],
];

function best(run: () => number): { ns: number; matched: number } {
  let ns = Number.POSITIVE_INFINITY;
  let matched = 0;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    matched = run();
    ns = Math.min(ns, ((performance.now() - started) * 1e6) / values.length);
  }
  return { ns, matched };
}

console.log('pattern          ours    re2js   RegExp  matched');
for (const [what, pattern] of patterns) {
  // Distinct values, as index lookups have them: the cache of results does not help.
  const ours = best(() => {
    const regex = compileRegex(pattern);
    let n = 0;
    for (const value of values) if (regex.matches(value)) n++;
    return n;
  });
  const re2 = RE2JS.compile(pattern, RE2JS.DOTALL);
  const theirs = best(() => {
    let n = 0;
    for (const value of values) if (re2.matches(value)) n++;
    return n;
  });
  const plain = new RegExp(`^(?:${pattern.replace('(?i)', '')})$`, pattern.startsWith('(?i)') ? 'is' : 's');
  const floor = best(() => {
    let n = 0;
    for (const value of values) if (plain.test(value)) n++;
    return n;
  });
  if (ours.matched !== theirs.matched || ours.matched !== floor.matched)
    throw new Error(`${pattern}: results differ`);
  const column = (ns: number) => ns.toFixed(0).padStart(8);
  console.log(
    what.padEnd(14),
    column(ours.ns),
    column(theirs.ns),
    column(floor.ns),
    String(ours.matched).padStart(8),
  );
}

const relabel = compileRegex('([^:]+)(?::\\d+)?-.*');
const machine = RE2JS.compile('([^:]+)(?::\\d+)?-.*', RE2JS.DOTALL);
const ours = best(() =>
  values.reduce((n, value) => n + (relabel.expand(value, '$1:80') === undefined ? 0 : 1), 0),
);
const theirs = best(() =>
  values.reduce((n, value) => {
    const matcher = machine.matcher(value);
    return matcher.matches() ? n + (`${matcher.group(1)}:80` === '' ? 0 : 1) : n;
  }, 0),
);
console.log(`expand         ${ours.ns.toFixed(0).padStart(8)} ${theirs.ns.toFixed(0).padStart(7)}`);

const compiling: [string, string][] = [
  ['list of 10,000 names', Array.from({ length: 10_000 }, (_, i) => `container_memory_${i}`).join('|')],
  ['short pattern', 'instance-[0-9]+\\.example\\.com:.*'],
];
for (const [what, pattern] of compiling) {
  const times = [() => compileRegex(pattern), () => RE2JS.compile(pattern, RE2JS.DOTALL)].map((compile) => {
    let ms = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      const started = performance.now();
      compile();
      ms = Math.min(ms, performance.now() - started);
    }
    return ms;
  });
  console.log(`compile ${what}: ours ${times[0].toFixed(3)} ms, re2js ${times[1].toFixed(3)} ms`);
}
