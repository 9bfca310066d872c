import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { Matcher, type MatchType } from '../../../src/core/model/index.ts';

describe('Matcher', () => {
  it.each([
    // type, value, matching, not matching, matches no label at all
    ['=', 'a', 'a', 'b', false],
    ['=', '', '', 'a', true],
    ['!=', 'a', 'b', 'a', true],
    ['!=', '', 'a', '', false],
    ['=~', 'a|b', 'b', 'ab', false],
    ['=~', 'a*', 'aa', 'ab', true],
    ['=~', '.+', 'x\ny', '', false],
    ['!~', 'a|b', 'ab', 'b', true],
    ['!~', 'a*', 'b', '', false],
  ] as const)('%s %s', (type, value, yes, no, empty) => {
    const matcher = new Matcher(type, 'job', value);
    expect(matcher.matches(yes)).toBe(true);
    expect(matcher.matches(no)).toBe(false);
    expect(matcher.matchesEmpty).toBe(empty);
  });

  it.each([
    ['=', 'a', ['a'], ''],
    ['!=', 'a', undefined, ''],
    ['=~', 'prod-(a|b)', ['prod-a', 'prod-b'], 'prod-'],
    ['=~', 'prod-.*', undefined, 'prod-'],
    ['!~', 'prod-a', undefined, ''],
  ] as [MatchType, string, string[] | undefined, string][])(
    '%s %s lists what it can',
    (type, value, set, prefix) => {
      const matcher = new Matcher(type, 'job', value);
      expect(matcher.setMatches).toEqual(set);
      expect(matcher.prefix).toBe(prefix);
    },
  );

  it.each([
    ['=', 'job', 'a"b\\', 'job="a\\"b\\\\"'],
    ['!~', 'my label', '.+\u00a0', '"my label"!~".+\\u00a0"'],
  ] as [MatchType, string, string, string][])('%s prints as PromQL', (type, name, value, text) => {
    expect(new Matcher(type, name, value).toString()).toBe(text);
  });

  it('refuses bad patterns with the reason', () => {
    expect(() => new Matcher('=~', 'job', '(a')).toThrow(InputError);
    expect(() => new Matcher('!~', 'job', '(a')).toThrow('error parsing regexp: missing closing ): `(a`');
  });
});
