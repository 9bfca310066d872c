/** Label matchers, compiled once to the cheapest form that decides them. */
import { compileRegex, type Regex } from '../regex/index.ts';
import { isLegacyLabelName } from './names.ts';
import { goQuote } from './quote.ts';

export type MatchType = '=' | '!=' | '=~' | '!~';

export class Matcher {
  readonly type: MatchType;
  readonly name: string;
  readonly value: string;
  /** Whether a series without the label satisfies this matcher. */
  readonly matchesEmpty: boolean;
  private readonly regex: Regex | null;

  /** Throws InputError with code `bad_regex` where `value` is not an RE2 pattern. */
  constructor(type: MatchType, name: string, value: string) {
    this.type = type;
    this.name = name;
    this.value = value;
    this.regex = type === '=~' || type === '!~' ? compileRegex(value) : null;
    this.matchesEmpty = this.matches('');
  }

  matches(value: string): boolean {
    switch (this.type) {
      case '=':
        return value === this.value;
      case '!=':
        return value !== this.value;
      case '=~':
        return this.regex!.matches(value);
      case '!~':
        return !this.regex!.matches(value);
    }
  }

  /** The only values that a positive matcher accepts, where they can be listed; else undefined. */
  get setMatches(): readonly string[] | undefined {
    if (this.type === '=') return [this.value];
    return this.type === '=~' ? this.regex!.setMatches : undefined;
  }

  /** What every accepted value of a `=~` matcher starts with; '' where nothing is known. */
  get prefix(): string {
    return this.type === '=~' ? this.regex!.prefix : '';
  }

  toString(): string {
    const name = isLegacyLabelName(this.name) ? this.name : goQuote(this.name);
    return `${name}${this.type}${goQuote(this.value)}`;
  }
}
