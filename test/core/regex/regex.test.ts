// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how Go writes references to groups
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { compileRegex, type Regex } from '../../../src/core/regex/index.ts';
import { pattern, text } from './patterns.ts';

function compiled(source: string): Regex | string {
  try {
    return compileRegex(source);
  } catch (error) {
    return (error as Error).message;
  }
}

/** The engine that knows the whole language, without any of our fast paths. */
function oracle(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source, RE2JS.DOTALL);
  } catch (error) {
    // We take patterns that use a name twice, as Go does.
    if (String(error).includes('duplicate'))
      return RE2JS.compile(source.replaceAll('(?P<n>', '('), RE2JS.DOTALL);
    return undefined;
  }
}

describe('every way to match', () => {
  it('agrees with re2js on all patterns and texts', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 4, maxLength: 12 }), (source, texts) => {
        const re2 = oracle(source);
        const regex = compiled(source);
        if (re2 === undefined || typeof regex === 'string') {
          expect({ source, ours: typeof regex, theirs: typeof re2 }).toEqual({
            source,
            ours: 'string',
            theirs: 'undefined',
          });
          return;
        }
        const list = regex.setMatches ?? [];
        for (const t of [...texts, ...list.slice(0, 5)]) {
          const matcher = re2.matcher(t);
          const want = matcher.matches();
          const at = { source, t };
          expect({ ...at, matches: regex.matches(t) }).toEqual({ ...at, matches: want });
          expect({ ...at, again: regex.matches(t) }).toEqual({ ...at, again: want });
          if (regex.setMatches !== undefined) expect(regex.setMatches.includes(t)).toBe(want);
          if (!want) {
            expect(regex.capture(t)).toBeUndefined();
            continue;
          }
          expect(t.startsWith(regex.prefix)).toBe(true);
          const groups: (string | undefined)[] = [];
          for (let i = 0; i <= matcher.groupCount(); i++) groups.push(matcher.group(i) ?? undefined);
          expect({ ...at, groups: [...regex.capture(t)!] }).toEqual({ ...at, groups });
        }
      }),
      { numRuns: 4000 },
    );
  });
});

describe('lists of strings', () => {
  it.each([
    ['', ['']],
    ['foo', ['foo']],
    ['foo|bar', ['foo', 'bar']],
    ['foo|bar|foo', ['foo', 'bar']],
    ['(foo|bar)', ['foo', 'bar']],
    ['^(?:foo|bar)$', ['foo', 'bar']],
    ['^foo$|^bar$', ['foo', 'bar']],
    ['foo|', ['foo', '']],
    ['node-[1-3]', ['node-1', 'node-2', 'node-3']],
    ['(a|b)(c|d)', ['ac', 'ad', 'bc', 'bd']],
    ['ab?', ['a', 'ab']],
    ['a{2,3}', ['aa', 'aaa']],
    ['10\\.0\\.0\\.1:9100', ['10.0.0.1:9100']],
    ['\\Qa.b\\E|c', ['a.b', 'c']],
    ['(?i)123', ['123']],
  ])('%s', (source, strings) => {
    const regex = compileRegex(source);
    expect([...regex.setMatches!].sort()).toEqual([...strings].sort());
    for (const t of strings) expect(regex.matches(t)).toBe(true);
    expect(regex.matches('node-4')).toBe(false);
  });

  it.each(['foo.*', '.*', '(?i)foo', '[a-z]+', 'a*', '[^a]', '\\d{3}', '\\bfoo'])('%s is none', (source) => {
    expect(compileRegex(source).setMatches).toBeUndefined();
  });

  it('may be long', () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `container_${i}`);
    const regex = compileRegex(names.join('|'));
    expect(regex.setMatches).toHaveLength(20_000);
    expect(regex.matches('container_19999')).toBe(true);
    expect(regex.matches('container_20000')).toBe(false);
  });
});

describe('the prefix', () => {
  it.each([
    ['foo.*', 'foo'],
    ['foo', 'foo'],
    ['fo(o|x).*', 'fo'],
    ['foobar|foobaz.*', 'fooba'],
    ['^foo', 'foo'],
    ['fo+', 'fo'],
    ['fo*', 'f'],
    ['(?i)12foo', '12'],
    ['.*foo', ''],
    ['(🐢|🐣)x', ''],
  ])('of %s is %j', (source, prefix) => {
    expect(compileRegex(source).prefix).toBe(prefix);
  });
});

describe('without regard to case', () => {
  it('folds what Unicode folds onto ASCII letters, and nothing else', () => {
    const regex = compileRegex('(?i)task');
    for (const t of ['task', 'TASK', 'tASk', 'taſk', 'tas\u212a']) expect(regex.matches(t)).toBe(true);
    for (const t of ['tàsk', 'tas', 'ｔask']) expect(regex.matches(t)).toBe(false);
    expect(compileRegex('(?i)straße').matches('STRAẞE')).toBe(true);
    expect(compileRegex('(?i)i').matches('İ')).toBe(false);
  });
});

describe('expand', () => {
  it.each([
    // pattern, text, template, result
    ['(.*)', 'node', '$1', 'node'],
    ['(.*)', '', 'x$1', 'x'],
    ['(.*)', 'a\nb', '<$1>', '<a\nb>'],
    ['(.+):(\\d+)', 'host:9100', '$1', 'host'],
    ['(.+):(\\d+)', 'host:9100', '${1}x-$2-$0', 'hostx-9100-host:9100'],
    ['(.+):(\\d+)', 'host:9100', '$1x', ''],
    ['(.+):(\\d+)', 'host', '$1', undefined],
    ['(?P<host>.+):(?P<port>\\d+)', 'host:9100', '$host/${port}', 'host/9100'],
    ['(?<host>[^:]+).*', 'host:9100', '$host', 'host'],
    ['a(b)?c', 'ac', '[$1]', '[]'],
    ['(?:(a)|(b))+', 'ab', '$1$2', 'ab'],
    ['(?P<n>a)|(?P<n>b)', 'b', '$n', 'b'],
    ['foo', 'foo', 'bar', 'bar'],
    ['foo', 'foo', '$0$1', 'foo'],
    ['(a*)(a*)', 'aaa', '$1,$2', 'aaa,'],
    ['(a*?)(a*)', 'aaa', '$1,$2', ',aaa'],
    ['(?U)(a*)(a*)', 'aaa', '$1,$2', ',aaa'],
  ])('%s on %j with %s', (source, t, template, result) => {
    expect(compileRegex(source).expand(t, template)).toBe(result);
  });
});

// Wording as a real Prometheus answers it.
describe('faults', () => {
  it.each([
    ['(a', 'missing closing ): `(a`'],
    ['(?i)(', 'missing closing ): `(?i)(`'],
    ['a)', 'unexpected ): `a)`'],
    ['[a', 'missing closing ]: `[a`'],
    ['[z-a]', 'invalid character class range: `z-a`'],
    ['[[:foo:]]', 'invalid character class range: `[:foo:]`'],
    ['*a', 'missing argument to repetition operator: `*`'],
    ['|*', 'missing argument to repetition operator: `*`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['x{2}{3}', 'invalid nested repetition operator: `{2}{3}`'],
    ['a{2,1}', 'invalid repeat count: `{2,1}`'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['(a{1000}){1000}', 'invalid repeat count: `{1000}`'],
    ['((((a{10}){10}){10}){10}){10}', 'invalid repeat count: `{10}`'],
    ['\\x{110000}', 'invalid escape sequence: `\\x{110000`'],
    ['(?P<a', 'invalid named capture: `(?P<a`'],
    ['(?P<', 'invalid or unsupported Perl syntax: `(?P`'],
    ['(?<', 'invalid or unsupported Perl syntax: `(?<`'],
    ['(?z)', 'invalid or unsupported Perl syntax: `(?z`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(?<=a)b', 'invalid named capture: `(?<=a)b`'],
    ['\\', 'trailing backslash at end of expression: ``'],
    ['\\8', 'invalid escape sequence: `\\8`'],
    ['\\1', 'invalid escape sequence: `\\1`'],
    ['\\p{Foo}', 'invalid character class range: `\\p{Foo}`'],
    ['\\C', 'invalid escape sequence: `\\C`'],
  ])('%s', (source, message) => {
    expect(compiled(source)).toBe(`error parsing regexp: ${message}`);
  });

  it('are faults of input', () => {
    expect(() => compileRegex('(')).toThrow(InputError);
    expect(() => compileRegex('(')).toThrow(expect.objectContaining({ code: 'bad_regex' }));
  });

  it('include patterns that blow up, which are refused at once', () => {
    for (const bomb of [
      '(?:\\pL{1000}\\pN{1000})'.repeat(40),
      '(?:a?){1000}'.repeat(200),
      'a{0,1000}'.repeat(1000),
      '((((a{9}){9}){9}b?){1,2}c)'.repeat(50),
      `(?m)^${'(?:x?){1000}'.repeat(30)}`,
    ]) {
      expect(compiled(bomb)).toMatch(/^error parsing regexp: (expression too large|invalid repeat count): `/);
    }
    expect(compiled('('.repeat(100_000))).toMatch(/missing closing \)|nests too deeply/);
  });

  it('do not include what people write', () => {
    for (const fine of [
      '\\b(?:\\d{1,3}\\.){3}\\d{1,3}\\b',
      '(?m)^x{1,64}y{1,64}-some-longer-name-of-things$',
      'x{1000}',
    ]) {
      expect(compiled(fine)).not.toBeTypeOf('string');
    }
  });
});

describe('patterns that make backtracking matchers hang', () => {
  it.each([
    ['(a+)+b', 'a'.repeat(5000)],
    ['(a*)*b', 'a'.repeat(5000)],
    ['(a|a)*b', 'a'.repeat(5000)],
    ['(a|ab)*c', 'ab'.repeat(3000)],
    ['.*a.*b.*c.*d[0-9]', 'abcd'.repeat(2000)],
    ['(.*)(.*)(.*)(.*)x', 'y'.repeat(5000)],
    ['(?:a{1,5}){1,20}b', 'a'.repeat(100)],
    ['([a-z]+)*[a-z]+!', 'a'.repeat(5000)],
    ['(x+x+)+y', 'x'.repeat(2000)],
    ['(.+)-([0-9]+)-(.+)-x', '1-'.repeat(2000)],
  ])('%s', (source, t) => {
    const started = process.cpuUsage().user;
    expect(compileRegex(source).matches(t)).toBe(false);
    expect(compileRegex(source).expand(t, '$1')).toBeUndefined();
    // Linear time takes milliseconds here; what backtracks would not end.
    expect(process.cpuUsage().user - started).toBeLessThan(5_000_000);
  });
});
