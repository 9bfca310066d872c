/** re2js, the linear-time machine that decides whatever the fast paths do not, and that words all faults. */
import { type Matcher, RE2JS } from 're2js';
import { InputError } from '../errors.ts';
import { parseSyntax, withoutGroupNames } from './syntax.ts';

export interface Machine {
  re2: RE2JS;
  /** Name of each capturing group, '' where it has none. */
  groupNames: readonly string[];
}

/**
 * Instructions that counted repetition may blow a pattern up to. Time to compile and to match grow with them, and
 * nothing that people write comes near.
 */
const MAX_REPEATED_SIZE = 20_000;

/**
 * Throws InputError (`bad_regex`) with Go's words, such as "error parsing regexp: missing closing ): `(a`".
 * `dotNewline` lets `.` match line feeds.
 */
export function compileMachine(pattern: string, dotNewline: boolean): Machine {
  const syntax = parseSyntax(pattern, dotNewline);
  if (syntax?.repeatsTooMuch !== true) checkSize(pattern, syntax?.size ?? guessSize(pattern));
  const flags = dotNewline ? RE2JS.DOTALL : 0;
  try {
    const re2 = RE2JS.compile(pattern, flags);
    return { re2, groupNames: syntax?.groupNames ?? groupNamesOf(re2) };
  } catch (error) {
    // Go lets names repeat, re2js does not.
    const plain = String((error as Error).message).includes('duplicate capture group name')
      ? withoutGroupNames(pattern)
      : undefined;
    if (plain === undefined) throw wordedAsGo(error, pattern);
    return { re2: RE2JS.compile(plain.pattern, flags), groupNames: plain.groupNames };
  }
}

/** Throws InputError (`bad_regex`) for a pattern of more than MAX_REPEATED_SIZE instructions. */
export function checkSize(pattern: string, size: number): void {
  // What a pattern spells out, such as ten thousand names, it may have.
  if (size > MAX_REPEATED_SIZE && size > 2 * pattern.length) throw fault('expression too large', pattern);
}

/**
 * Characters with a meaning in a pattern that is read at all, and instructions that the machine is made for: time for both
 * grows with each, to seconds in the end. A list of strings, however long, needs no machine.
 */
const MAX_META_CHARS = 100_000;
const MAX_SPELLED_SIZE = 250_000;

/** Throws InputError (`bad_regex`) for a pattern that nobody has written. */
export function checkMetaChars(pattern: string): void {
  if (pattern.length <= MAX_META_CHARS) return;
  const meta = pattern.match(/[.*+?()[\]{}^$\\]/g)?.length ?? 0;
  if (meta > MAX_META_CHARS) throw fault('expression too large', pattern);
}

/** The same for one that the machine has to decide. */
export function checkSpelledSize(pattern: string, size: number): void {
  if (size > MAX_SPELLED_SIZE) throw fault('expression too large', pattern);
}

/** What the groups of a match hold, the whole match first; undefined for a group that took no part. */
export function groupsOf(matcher: Matcher): (string | undefined)[] {
  const groups: (string | undefined)[] = [];
  for (let i = 0; i <= matcher.groupCount(); i++) groups.push(matcher.group(i) ?? undefined);
  return groups;
}

function groupNamesOf(re2: RE2JS): string[] {
  const names = new Array<string>(re2.groupCount()).fill('');
  for (const [name, group] of Object.entries(re2.namedGroups())) names[group - 1] = name;
  return names;
}

/** For what the parser does not understand: as if every counted group held the whole pattern. */
function guessSize(pattern: string): number {
  let nested = 1;
  let single = 0;
  for (const match of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    if (pattern.slice(0, match.index).endsWith('\\x')) continue;
    const count = Math.max(1, Number(match[1]), Number(match[2] ?? 0));
    // RE2 refuses such a count wherever it stands.
    if (count > 1000) return 0;
    if (pattern[match.index - 1] === ')') nested *= count;
    else single += count;
  }
  // More than a thousandfold by nesting is refused by RE2 itself.
  return (pattern.length + single) * Math.min(nested, 1000);
}

function wordedAsGo(error: unknown, pattern: string): Error {
  const { error: reason, input } = error as { error?: string; input?: string | null };
  if (reason === undefined) return error as Error;
  let at = input ?? '';
  // re2js puts its flags before the pattern.
  if (at.startsWith('(?s)') && !pattern.startsWith('(?s)')) at = at.slice(4);
  // An unfinished `(?P<` is to Go no beginning of a name yet.
  if (at === '(?P<') return fault('invalid or unsupported Perl syntax', '(?P');
  if (at === '(?<') return fault('invalid or unsupported Perl syntax', '(?<');
  const whole = reason === 'expression too large' || reason === 'expression nests too deeply';
  return fault(reason, whole ? pattern : at);
}

const MAX_QUOTED = 200;

function fault(reason: string, at: string): InputError {
  const quoted = at.length > MAX_QUOTED ? `${at.slice(0, MAX_QUOTED)}…` : at;
  return new InputError('bad_regex', `error parsing regexp: ${reason}: \`${quoted}\``);
}
