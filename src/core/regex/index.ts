/**
 * Regular expressions with RE2's syntax and semantics, in time linear in the input, anchored at both ends as
 * Prometheus anchors them. User patterns never reach a backtracking matcher.
 */
import { RE2JS } from 're2js';
import { InputError } from '../errors.ts';

export interface Regex {
  readonly pattern: string;
  /** Whether the whole of `text` matches. */
  matches(text: string): boolean;
  /** The complete list of strings that match, where the pattern is such a list; else undefined. */
  readonly setMatches: readonly string[] | undefined;
  /** What every match starts with, '' where nothing is known. */
  readonly prefix: string;
}

/** Throws InputError (`bad_regex`) with Go's wording of what is wrong. */
export function compileRegex(pattern: string): Regex {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (error) {
    throw new InputError('bad_regex', (error as Error).message);
  }
  return {
    pattern,
    matches: (text) => compiled.matches(text),
    setMatches: undefined,
    prefix: '',
  };
}
