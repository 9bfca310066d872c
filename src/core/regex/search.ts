/**
 * Regular expressions that look for their pattern anywhere, as Go's regexp package does: for the functions of
 * templates. Here `.` does not match line feeds.
 */
import { compileMachine, groupsOf, type Machine } from './machine.ts';
import { Template } from './template.ts';

export class Search {
  private readonly machine: Machine;

  /** Throws InputError (`bad_regex`) with Go's wording of what is wrong. */
  constructor(pattern: string) {
    this.machine = compileMachine(pattern, false);
  }

  /** Go's `MatchString`: whether the pattern occurs in `text`. */
  test(text: string): boolean {
    return this.machine.re2.test(text);
  }

  /** Go's `ReplaceAllString`: every occurrence replaced by `template` (see Template). */
  replaceAll(text: string, template: string): string {
    const parsed = new Template(template);
    const matcher = this.machine.re2.matcher(text);
    let out = '';
    let copied = 0;
    let from = 0;
    while (from <= text.length && matcher.find(from)) {
      const start = matcher.start();
      const end = matcher.end();
      out += text.slice(copied, start);
      // An empty match right after another match is part of that one.
      if (end > copied || start === 0) out += parsed.expand(groupsOf(matcher), this.machine.groupNames);
      copied = end;
      const next = from + (text.codePointAt(from)! > 0xffff ? 2 : 1);
      from = Math.max(end, next);
    }
    return out + text.slice(copied);
  }
}
