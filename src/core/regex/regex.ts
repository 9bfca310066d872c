/**
 * Regular expressions with RE2's syntax and semantics, in time linear in the input, anchored at both ends as
 * Prometheus anchors them; `.` matches line feeds. User patterns never reach a backtracking matcher unless they are
 * proven harmless.
 *
 * In order of preference a pattern is decided by string comparison (fast-path.ts), by JavaScript's own RegExp
 * (backtracking.ts), or by re2js (machine.ts), which also words what is wrong with a pattern. All agree on every
 * text; test/core/regex compares them.
 */
import { type Translation, translate } from './backtracking.ts';
import { fastPath, type Test } from './fast-path.ts';
import { prefixOf } from './literals.ts';
import {
  checkMetaChars,
  checkSize,
  checkSpelledSize,
  compileMachine,
  groupsOf,
  type Machine,
} from './machine.ts';
import { ResultCache } from './result-cache.ts';
import { parseSyntax, type Syntax } from './syntax.ts';
import { Template } from './template.ts';

/** Templates kept parsed; a rule has two. */
const MAX_TEMPLATES = 16;

export class Regex {
  readonly pattern: string;
  /** The complete list of strings that match, where the pattern is such a list; else undefined. */
  readonly setMatches: readonly string[] | undefined;
  /** What every match starts with, '' where nothing is known. */
  readonly prefix: string;
  /** Name of each capturing group, '' where it has none; the first is group 1. */
  readonly groupNames: readonly string[];

  private test: Test;
  /** Waits to be translated for the first text that comes: files with thousands of rules are often just checked. */
  private untranslated: Syntax | undefined;
  private translated: Translation | undefined;
  private machine: Machine | undefined;
  private cache: ResultCache | undefined;
  private readonly templates = new Map<string, Template>();

  /** Throws InputError (`bad_regex`) with Go's wording of what is wrong. */
  constructor(pattern: string) {
    this.pattern = pattern;
    checkMetaChars(pattern);
    const syntax = parseSyntax(pattern, true);
    if (syntax === undefined || syntax.repeatsTooMuch) {
      this.machine = compileMachine(pattern, true);
      this.setMatches = undefined;
      this.prefix = '';
      this.groupNames = this.machine.groupNames;
      this.test = (text) => this.machineTest(text);
      return;
    }
    checkSize(pattern, syntax.size);
    this.prefix = prefixOf(syntax.root);
    this.groupNames = syntax.groupNames;
    const fast = fastPath(syntax.root, (text) => this.machineTest(text));
    this.setMatches = fast?.strings;
    if (this.setMatches === undefined) checkSpelledSize(pattern, syntax.size);
    if (fast === undefined || syntax.groupNames.length > 0) this.untranslated = syntax;
    this.test = fast?.test ?? this.firstTest;
  }

  /** Whether the whole of `text` matches. */
  matches(text: string): boolean {
    return this.test(text);
  }

  /** What the groups hold, the whole text first, where the whole of `text` matches; else undefined. */
  capture(text: string): readonly (string | undefined)[] | undefined {
    if (this.groupNames.length === 0) return this.test(text) ? [text] : undefined;
    // A group around everything, the default of relabelling.
    if (this.pattern === '(.*)') return [text, text];
    const { translation } = this;
    if (translation?.capture !== undefined && text.length <= translation.maxTextLength) {
      return translation.capture.exec(text) ?? undefined;
    }
    const matcher = this.compiled().re2.matcher(text);
    return matcher.matches() ? groupsOf(matcher) : undefined;
  }

  /**
   * `template` with the groups of the match put in (see Template), or undefined where `text` as a whole does not
   * match.
   */
  expand(text: string, template: string): string | undefined {
    const groups = this.capture(text);
    return groups && this.expandGroups(groups, template);
  }

  /** `template` with the groups put in that `capture` returned. */
  expandGroups(groups: readonly (string | undefined)[], template: string): string {
    if (template === '$1') return groups[1] ?? '';
    let parsed = this.templates.get(template);
    if (parsed === undefined) {
      if (this.templates.size === MAX_TEMPLATES) this.templates.clear();
      parsed = new Template(template);
      this.templates.set(template, parsed);
    }
    return parsed.expand(groups, this.groupNames);
  }

  private firstTest(text: string): boolean {
    this.test = this.slowTest();
    return this.test(text);
  }

  private get translation(): Translation | undefined {
    if (this.untranslated !== undefined) {
      const { root, size } = this.untranslated;
      this.untranslated = undefined;
      this.translated = translate(root, size);
    }
    return this.translated;
  }

  private slowTest(): Test {
    const { translation } = this;
    if (translation === undefined) {
      const prefix = this.prefix;
      return (text) => text.startsWith(prefix) && this.machineTest(text);
    }
    const { test, maxTextLength } = translation;
    return (text) => (text.length <= maxTextLength ? test.test(text) : this.machineTest(text));
  }

  private machineTest(text: string): boolean {
    this.cache ??= new ResultCache();
    const known = this.cache.get(text);
    if (known !== undefined) return known;
    const result = this.compiled().re2.matches(text);
    this.cache.set(text, result);
    return result;
  }

  private compiled(): Machine {
    this.machine ??= compileMachine(this.pattern, true);
    return this.machine;
  }
}

/** Throws InputError (`bad_regex`) with Go's wording of what is wrong. */
export function compileRegex(pattern: string): Regex {
  return new Regex(pattern);
}
