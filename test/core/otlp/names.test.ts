/** Names of metrics and labels, under each strategy. */
import { describe, expect, it } from 'vitest';
import type { OtlpConfig, TranslationStrategy } from '../../../src/core/otlp/index.ts';
import type { Metric, Pairs } from './otlp-message.ts';
import { store } from './stored.ts';

const STRATEGIES: readonly TranslationStrategy[] = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
];

type Shape = Pick<Metric, 'name' | 'unit' | 'kind' | 'isMonotonic'>;

async function namesOf(shape: Shape): Promise<string[]> {
  const metric: Metric = { ...shape, temporality: 2, points: [{ ns: 0n }] };
  const names: string[] = [];
  for (const translationStrategy of STRATEGIES) {
    const { lines } = await store([{ scopes: [{ metrics: [metric] }] }], { translationStrategy });
    names.push(lines.map((line) => line.replace(/ \S+$/, '').replace(/^\{"|"\}$/g, '')).join());
  }
  return names;
}

async function labelsOf(
  attributes: Pairs,
  config: Partial<OtlpConfig> = {},
  resource: Pairs = [],
): Promise<string> {
  const metric: Metric = { name: 'm', kind: 'gauge', points: [{ ns: 0n, attributes }] };
  const scope = {
    name: 'lib',
    version: '1',
    schemaUrl: 'u',
    attributes: [['a.b', 'c']] as Pairs,
    metrics: [metric],
  };
  const { lines } = await store([{ attributes: resource, scopes: [scope] }], config);
  return lines[0].replace(/ \S+$/, '');
}

describe('names of metrics', () => {
  const CASES: readonly (readonly [shape: Shape, names: readonly string[]])[] = [
    [
      { name: 'http.server.duration', unit: 's', kind: 'gauge' },
      [
        'http_server_duration_seconds',
        'http_server_duration',
        'http.server.duration_seconds',
        'http.server.duration',
      ],
    ],
    [
      { name: 'io', unit: 'By/s', kind: 'sum', isMonotonic: true },
      ['io_bytes_per_second_total', 'io', 'io_bytes_per_second_total', 'io'],
    ],
    [
      { name: 'io_total', unit: '', kind: 'sum', isMonotonic: true },
      ['io_total', 'io_total', 'io_total', 'io_total'],
    ],
    [
      { name: 'total.io.bytes', unit: 'By', kind: 'sum', isMonotonic: true },
      ['io_bytes_total', 'total_io_bytes', 'total.io.bytes_total', 'total.io.bytes'],
    ],
    [{ name: 'ratio.of', unit: '1', kind: 'gauge' }, ['of_ratio', 'ratio_of', 'ratio.of_ratio', 'ratio.of']],
    [{ name: 'a', unit: '1', kind: 'sum', isMonotonic: true }, ['a_total', 'a', 'a_total', 'a']],
    [{ name: 'a', unit: '{things}/m', kind: 'gauge' }, ['a_per_minute', 'a', 'a_per_minute', 'a']],
    [{ name: 'a', unit: 'foo bar', kind: 'gauge' }, ['a_foo_bar', 'a', 'a_foo bar', 'a']],
    [{ name: '2xx', unit: '%', kind: 'gauge' }, ['_2xx_percent', '_2xx', '2xx_percent', '2xx']],
    [{ name: '__a__b.', unit: '', kind: 'gauge' }, ['a_b', '__a__b', '__a__b.', '__a__b.']],
    [{ name: 'a:b', unit: 'Cel', kind: 'gauge' }, ['a:b_celsius', 'a:b', 'a:b_celsius', 'a:b']],
    [{ name: 'größe', unit: 'm', kind: 'gauge' }, ['gr_e_meters', 'gr_e', 'größe_meters', 'größe']],
    [
      { name: 'size_meters', unit: 'm', kind: 'gauge' },
      ['size_meters', 'size_meters', 'size_meters', 'size_meters'],
    ],
  ];
  for (const [shape, names] of CASES) {
    it(`${shape.name} in ${shape.unit || 'nothing'}, ${shape.kind}`, async () => {
      expect(await namesOf(shape)).toEqual(names);
    });
  }
});

describe('names of labels', () => {
  it('have underscores for what they cannot have', async () => {
    const attributes: Pairs = [
      ['http.method', 'a'],
      ['2nd', 'b'],
      ['_own', 'c'],
      ['__kept', 'd'],
      ['é', 'e'],
    ];
    expect(await labelsOf(attributes)).toBe(
      'm{__kept="d", http_method="a", key_="e", key_2nd="b", key_own="c"}',
    );
    expect(await labelsOf(attributes, { translationStrategy: 'NoTranslation' })).toBe(
      'm{"2nd"="b", __kept="d", _own="c", "http.method"="a", "é"="e"}',
    );
  });

  it('begin and look as the settings say', async () => {
    const attributes: Pairs = [
      ['_own', 'c'],
      ['a..b', 'd'],
    ];
    const config = { labelNameUnderscoreSanitization: false, labelNamePreserveMultipleUnderscores: false };
    expect(await labelsOf(attributes, config)).toBe('m{_own="c", a_b="d"}');
  });

  it('that become one have all values, in the order of the keys', async () => {
    const attributes: Pairs = [
      ['a_b', '3'],
      ['a.b', '2'],
      ['a-b', '1'],
      ['c', 'x'],
      ['a.b', '2 again'],
    ];
    expect(await labelsOf(attributes)).toBe('m{a_b="1;2;2 again;3", c="x"}');
  });
});

describe('attributes of the resource', () => {
  const resource: Pairs = [
    ['service.name', 's'],
    ['host.name', 'h'],
    ['region', 'eu'],
    ['c', 'theirs'],
  ];

  it('are labels where they are chosen, and do not replace those of the point', async () => {
    const promoteResourceAttributes = ['host.name', 'c', 'not.there'];
    expect(await labelsOf([['c', 'own']], { promoteResourceAttributes }, resource)).toBe(
      'm{c="own", host_name="h", job="s"}',
    );
  });

  it('are labels but for some', async () => {
    const config = { promoteAllResourceAttributes: true, ignoreResourceAttributes: ['region'] };
    expect(await labelsOf([], config, resource)).toBe(
      'm{c="theirs", host_name="h", job="s", service_name="s"}',
    );
  });

  it('are job and instance, whatever the point says', async () => {
    expect(
      await labelsOf(
        [
          ['job', 'x'],
          ['instance', 'y'],
        ],
        {},
        [
          ['service.name', 7n],
          ['service.instance.id', true],
        ],
      ),
    ).toBe('m{instance="true", job="7"}');
  });
});

it('what the scope is called is a label where that is wanted', async () => {
  expect(await labelsOf([['otel_scope_name', 'x']], { promoteScopeMetadata: true })).toBe(
    'm{otel_scope_a_b="c", otel_scope_name="lib", otel_scope_schema_url="u", otel_scope_version="1"}',
  );
});

it('values of attributes are the texts that upstream makes of them', async () => {
  const values: readonly (readonly [value: Parameters<typeof labelsOf>[0][number][1], text: string])[] = [
    ['text', 'text'],
    [true, 'true'],
    [-7n, '-7'],
    [2n ** 63n - 1n, '9223372036854775807'],
    [-(2n ** 63n), '-9223372036854775808'],
    [2n ** 53n + 1n, '9007199254740993'],
    [0.1, '0.1'],
    [1e21, '1e+21'],
    [1e-7, '1e-7'],
    [-0, '-0'],
    [Number.POSITIVE_INFINITY, 'json: unsupported value: +Inf'],
    [Uint8Array.of(0xfb, 0xff, 0), '+/8A'],
    [[1n, 'a', null, 1.5, false, Uint8Array.of(1), []], '[1,"a",null,1.5,false,"AQ==",[]]'],
    [
      {
        pairs: [
          ['b', '<&>'],
          ['a', [{ pairs: [] }]],
          ['b', '"\u2028\n'],
        ],
      },
      '{"a":[{}],"b":"\\"\\u2028\\n"}',
    ],
    [['<&>'], '["\\u003c\\u0026\\u003e"]'],
  ];
  for (const [value, text] of values) {
    expect(await labelsOf([['v', value]])).toBe(`m{v=${JSON.stringify(text)}}`);
  }
  for (const nothing of [null, '', [Number.NaN]]) expect(await labelsOf([['v', nothing]])).toBe('m');
});
