import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyHistogram } from '../../../src/core/model/histogram-copy.ts';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import {
  checkAlertTemplate,
  expandAlertTemplate,
  TemplateError,
  type TemplateSample,
} from '../../../src/core/template/index.ts';

const samples: TemplateSample[] = [
  { labels: labelsFromObject({ __name__: 'm', b: '2' }), value: 20 },
  { labels: labelsFromObject({ __name__: 'm', b: '1' }), value: 10 },
];

const histogramSample: TemplateSample = {
  labels: labelsFromObject({ __name__: 'h' }),
  value: {
    ...emptyHistogram(),
    count: 3,
    sum: 4.5,
    positiveSpans: [{ offset: 1, length: 1 }],
    positiveBuckets: Float64Array.of(3),
  },
};

function expand(
  text: string,
  query = async (expr: string) => (expr === 'none' ? [] : expr === 'h' ? [histogramSample] : samples),
): Promise<string> {
  const data = {
    labels: labelsFromObject({ a: 'val', job: 'node' }),
    externalLabels: labelsFromObject({ ext: 'E' }),
    externalUrl: 'http://h:9090/pre',
    value: 5.25,
  };
  return expandAlertTemplate(text, data, { name: '__alert_T', nowMs: 1_435_065_584_128, query });
}

const cases: [template: string, text: string][] = [
  ['plain', 'plain'],
  [
    '{{ $value }} {{ .Value }} {{ $labels.a }} {{ .Labels.nope }}|{{ $externalLabels.ext }}',
    '5.25 5.25 val |E',
  ],
  ['a  {{- " b " -}}   c {{/* no */}} d {{- /* trimmed */ -}}  e', 'a b c  de'],
  ['{{ if gt $value 6.0 }}x{{ else if gt $value 5.0 }}y{{ else }}z{{ end }}', 'y'],
  [
    '{{ range $i, $s := query "m" | sortByLabel "b" }}{{ $i }}:{{ $s.Labels.b }}={{ $s.Value }};{{ end }}',
    '0:1=10;1:2=20;',
  ],
  ['{{ range query "none" }}x{{ else }}none{{ end }}', 'none'],
  [
    '{{ range 5 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}',
    '02',
  ],
  ['{{ with .Labels.nope }}x{{ else with .Labels.a }}{{ . }}{{ end }}', 'val'],
  ['{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}', '2'],
  [
    '{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" "q" }}{{ block "b" .Value }}[{{ . }}]{{ end }}',
    '<q>[5.25]',
  ],
  ['{{ query "m" | first | label "b" }} {{ query "m" | first | value }}', '2 20'],
  [
    '{{ printf "%d|%05d|%x|%q|%-4s|%4s|%.2f|%e|%g|%v|%t" 42 42 255 "a\\"b" "x" "y" 3.14159 31415.9 1e21 true false }}',
    '42|00042|ff|"a\\"b"|x   |   y|3.14|3.141590e+04|1e+21|true|false',
  ],
  [
    '{{ printf "%d %s" 1.5 2 }} {{ printf "%d" }} {{ printf "a" 1 }}',
    '%!d(float64=1.5) %!s(int=2) %!d(MISSING) a%!(EXTRA int=1)',
  ],
  ['{{ print 1 2 "a" 3 4.5 }}', '1 2a3 4.5'],
  ['{{ $a := 1 }}{{ $aé := 2 }}{{ $é1 := 3 }}{{ $a }}{{ $aé }}{{ $é1 }}{{ .Labels.aé }}', '123'],
  [
    "{{ 1000000.0 }} {{ 100000.0 }} {{ 0.00001 }} {{ 0x1F }} {{ 1_000 }} {{ 'a' }}",
    '1e+06 100000 1e-05 31 1000 97',
  ],
  [
    '{{ eq "a" "b" "a" }} {{ and 1 0 2 }} {{ or 0 "" "x" }} {{ not true }} {{ len "héllo" }}',
    'true 0 x false 6',
  ],
  [
    '{{ index .Labels "a" }} {{ slice "abcdef" 1 3 }} {{ html "<a&\\">" }} {{ urlquery "a b&c" }}',
    'val bc &lt;a&amp;&#34;&gt; a+b%26c',
  ],
  [
    '{{ humanize 1234567.0 }} {{ humanize 0.00012 }} {{ humanize1024 123456789 }} {{ humanizePercentage 0.12345 }}',
    '1.235M 120u 117.7Mi 12.35%',
  ],
  [
    '{{ humanizeDuration 93784.5 }} {{ humanizeDuration 0.0123 }} {{ humanizeDuration -3600 }} {{ humanizeDuration 0 }}',
    '1d 2h 3m 4s 12.3ms -1h 0m 0s 0s',
  ],
  [
    '{{ humanizeTimestamp 1435065584.128 }} {{ toTime 1435065584 }}',
    '2015-06-23 13:19:44.128 +0000 UTC 2015-06-23 13:19:44 +0000 UTC',
  ],
  [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Go's own placeholder.
    '{{ reReplaceAll "(.*)oo" "${1}aa" "foo" }} {{ match "a.*" "abc" }} {{ title "hello world" }} {{ toUpper "x" }}',
    'faa true Hello World X',
  ],
  [
    '{{ graphLink "up{a=\\"b\\"}" }} {{ stripPort "h:1" }} {{ stripDomain "h.example:1" }} {{ parseDuration "1h30m" }}',
    '/graph?g0.expr=up%7Ba%3D%22b%22%7D&g0.tab=0 h h:1 5400',
  ],
  [
    '{{ with args 1 "x" }}{{ .arg0 }}{{ .arg1 }}{{ .arg2 }}{{ end }} {{ pathPrefix }} {{ externalURL }}',
    '1x<no value> /pre http://h:9090/pre',
  ],
  ['{{ .Labels }}', 'map[a:val job:node]'],
  [
    '{{ with toTime 1435065584.5 }}{{ .Year }} {{ .Month }} {{ .Weekday }} {{ .YearDay }} {{ .Unix }} {{ (.Add (toDuration 90)).Minute }}{{ end }}',
    '2015 June Tuesday 174 1435065584 21',
  ],
  [
    '{{ (toTime 1435065584.5).Format "Mon, 02 Jan 2006 15:04:05.000 MST" }} {{ (toTime 0).Format "3:04 pm" }}',
    'Tue, 23 Jun 2015 13:19:44.500 UTC 12:00 am',
  ],
  [
    '{{ toDuration 3723.5 }} {{ toDuration 0.0025 }} {{ ((toTime 100).Sub (toTime 40)).Minutes }} {{ (toDuration "90").Hours }}',
    '1h2m3.5s 2.5ms 1 0.025',
  ],
  ['{{ query "h" | first | value }} {{ (query "h" | first).Value.Count }}', '{count:3, sum:4.5, (1,2]:3} 3'],
];

describe('templates of alerts', () => {
  it.each(cases)('%s', async (template, text) => {
    expect(await expand(template)).toBe(text);
  });

  it('asks each query once, however often the template starts again', async () => {
    const asked: string[] = [];
    const text = await expand(
      '{{ query "a" | len }}{{ query "b" | len }}{{ query "a" | len }}',
      async (expr) => {
        asked.push(expr);
        return samples;
      },
    );
    expect(text).toBe('222');
    expect(asked).toEqual(['a', 'b']);
  });

  const at = (column: number, node: string, reason: string) =>
    `error executing template __alert_T: template: __alert_T:1:${column}: executing "__alert_T" at <${node}>: ${reason}`;
  // The prologue that makes $labels and its like is 112 characters long.
  const failures: [template: string, reason: string][] = [
    [
      '{{ .Foo }}',
      at(
        115,
        '.Foo',
        "can't evaluate field Foo in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }",
      ),
    ],
    [
      '{{ gt $value 1 }}',
      at(115, 'gt $value 1', 'error calling gt: incompatible types for comparison: float64 and int'),
    ],
    ['{{ humanize }}', at(115, 'humanize', 'wrong number of args for humanize: want 1 got 0')],
    ['{{ toUpper 1 }}', at(123, '1', 'expected string; found 1')],
    [
      '{{ query "none" | first }}',
      at(130, 'first', 'error calling first: first() called on vector with no elements'),
    ],
    ['{{ template "x" }}', at(124, '{{template "x"}}', 'template "x" not defined')],
  ];
  it.each(failures)('%s fails as in Go', async (template, reason) => {
    await expect(expand(template)).rejects.toThrow(reason);
  });

  it.each([
    ['{{ .Labels.a', 'template: n:1: unclosed action'],
    ['{{ nofunc }}', 'template: n:1: function "nofunc" not defined'],
    ['{{ if }}{{ end }}', 'template: n:1: missing value for if'],
    ['{{ $x }}', 'template: n:1: undefined variable "$x"'],
    ['{{ break }}', 'template: n:1: {{break}} outside {{range}}'],
    ['{{ if true }}', 'template: n:1: unexpected EOF'],
    ['{{ end }}', 'template: n:1: unexpected {{end}}'],
    ['a\n{{ "x }}', 'template: n:2: unterminated quoted string'],
  ])('%s cannot be parsed', (template, reason) => {
    expect(() => checkAlertTemplate(template, 'n')).toThrow(new TemplateError(reason));
  });

  it('a failed query is the template’s error', async () => {
    const failing = expand('{{ query "x" }}', async () => {
      throw new Error('no data');
    });
    await expect(failing).rejects.toThrow('error calling query: no data');
  });

  it('never fails in another way than by TemplateError', async () => {
    const word = fc.constantFrom(
      '{{',
      '}}',
      ' ',
      '-',
      '.',
      '$',
      'if',
      'end',
      'range',
      '|',
      '(',
      ')',
      '"a"',
      'len',
      'with',
      ':=',
      '1',
      'eq',
      'else',
      '.Labels',
      '$x',
      ',',
      'define',
      'template',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 25 }), async (words) => {
        try {
          await expand(words.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('prints any value by any verb', async () => {
    const piece = fc.constantFrom(...'%#+-0 .*[]123456789vTtbcdoOqxXUeEfFgGspw'.split(''), 'é');
    const value = fc.constantFrom(
      '-7',
      '1.5',
      '2i',
      '"a"',
      'true',
      'nil',
      '.Labels',
      '(toTime 0)',
      '(toDuration 1)',
      '(query "m")',
      '(query "h" | first)',
      '0x110000',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 12 }),
        fc.array(value, { maxLength: 3 }),
        async (format, values) => {
          await expand(`{{ printf "%${format.join('')}" ${values.join(' ')} }}`);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('refuses what is nested too deep', async () => {
    const deep = `{{ ${'('.repeat(50_000)}1${')'.repeat(50_000)} }}`;
    await expect(expand(deep)).rejects.toThrow(TemplateError);
    const lists = `${'{{ if 1 }}'.repeat(20_000)}${'{{ end }}'.repeat(20_000)}`;
    await expect(expand(lists)).rejects.toThrow(TemplateError);
    const calls = `{{ define "t" }}${'{{ if 1 }}'.repeat(500)}{{ template "t" }}${'{{ end }}'.repeat(500)}{{ end }}{{ template "t" }}`;
    await expect(expand(calls)).rejects.toThrow('max expression depth exceeded');
  });

  it('goes on to years of five digits, and no further than dates go', async () => {
    expect(await expand('{{ (toTime 0).AddDate 10000 0 0 }}')).toBe('11970-01-01 00:00:00 +0000 UTC');
    await expect(expand('{{ (toTime 0).AddDate 1000000 0 0 }}')).rejects.toThrow('the date is out of range');
  });
});
