/** Compares what a query says beside its result with the `expect warn`, `expect info` and like lines of a script. */
import type { EvalCommand, MessageMatch } from '../test-language/index.ts';

/** Annotations as the HTTP API prints them. */
export interface AnnotationTexts {
  warnings: readonly string[];
  infos: readonly string[];
}

/** What is wrong, or null. */
export function compareAnnotations(
  { warnings, infos }: AnnotationTexts,
  { warn, info, noWarn, noInfo }: EvalCommand,
): string | null {
  return compareKind('warning', warnings, warn, noWarn) ?? compareKind('info', infos, info, noInfo);
}

function compareKind(
  kind: string,
  found: readonly string[],
  expected: readonly MessageMatch[],
  none: boolean,
): string | null {
  if (none && found.length > 0) return `expected no ${kind}, but got ${found[0]}`;
  if (expected.length === 0) return null;
  for (const wanted of expected) {
    if (found.some((text) => wanted.matches(text))) continue;
    const what = wanted.kind === 'any' ? '' : ` ${wanted.kind === 'regex' ? 'matching ' : ''}${wanted.text}`;
    return `expected the ${kind}${what}, but got ${found.length === 0 ? 'none' : found.join('; ')}`;
  }
  const unexpected = found.find((text) => !expected.some((wanted) => wanted.matches(text)));
  return unexpected === undefined ? null : `unexpected ${kind} ${unexpected}`;
}
