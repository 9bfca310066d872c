import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ESCAPING_SCHEMES,
  escapeExposedName,
  escapeName,
  isLegacyMetricName,
  isValidLabelName,
  isValidMetricName,
  isValidUtf8,
  unescapeName,
} from '../../../src/core/model/index.ts';

const wellFormed = fc.string({ unit: 'grapheme', minLength: 1 });

describe('names', () => {
  it.each([
    // name, legacy metric, legacy label, UTF-8
    ['up', true, true, true],
    ['_a9', true, true, true],
    ['a:b', true, false, true],
    [':', true, false, true],
    ['9a', false, false, true],
    ['a b', false, false, true],
    ['é', false, false, true],
    ['up\n', false, false, true],
    ['', false, false, false],
    ['a\ud800', false, false, false],
    ['\udc00\ud800', false, false, false],
  ])('%j', (name, metric, label, utf8) => {
    expect(isValidMetricName(name, 'legacy')).toBe(metric);
    expect(isValidLabelName(name, 'legacy')).toBe(label);
    expect(isValidMetricName(name)).toBe(utf8);
    expect(isValidLabelName(name, 'utf8')).toBe(utf8);
  });

  it('are UTF-8 where they come back from bytes unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(0xffff), (text, unit) => {
        const candidate = text + String.fromCharCode(unit);
        expect(isValidUtf8(candidate)).toBe(Buffer.from(candidate).toString() === candidate);
      }),
    );
  });
});

describe('escapeName', () => {
  it.each([
    // name, underscores, dots, values
    ['up', 'up', 'up', 'up'],
    ['no:escaping_required', 'no:escaping_required', 'no:escaping__required', 'no:escaping_required'],
    [
      'mysystem.prod.west.cpu.load',
      'mysystem_prod_west_cpu_load',
      'mysystem_dot_prod_dot_west_dot_cpu_dot_load',
      'U__mysystem_2e_prod_2e_west_2e_cpu_2e_load',
    ],
    ['my.cpu_load', 'my_cpu_load', 'my_dot_cpu__load', 'U__my_2e_cpu__load'],
    ['http.status:sum', 'http_status:sum', 'http_dot_status:sum', 'U__http_2e_status:sum'],
    ['2 days', '__days', '____days', 'U___32__20_days'],
    ['label 😱', 'label__', 'label____', 'U__label_20__1f631_'],
    ['a\ud800', 'a_', 'a__', 'U__a_FFFD_'],
    ['', '', '', ''],
  ])('%j', (name, underscores, dots, values) => {
    expect(escapeName(name, 'allow-utf-8')).toBe(name);
    expect(escapeName(name, 'underscores')).toBe(underscores);
    expect(escapeName(name, 'dots')).toBe(dots);
    expect(escapeName(name, 'values')).toBe(values);
  });

  it('gives a legacy name, and expositions keep those', () => {
    fc.assert(
      fc.property(wellFormed, fc.constantFrom(...ESCAPING_SCHEMES), (name, scheme) => {
        if (scheme !== 'allow-utf-8') expect(isLegacyMetricName(escapeName(name, scheme))).toBe(true);
        const exposed = escapeExposedName(name, scheme);
        expect(exposed).toBe(isLegacyMetricName(name) ? name : escapeName(name, scheme));
      }),
    );
    expect(escapeExposedName('a_b', 'dots')).toBe('a_b');
  });
});

describe('unescapeName', () => {
  it('undoes `values` for every name', () => {
    fc.assert(
      fc.property(wellFormed, (name) => {
        expect(unescapeName(escapeName(name, 'values'), 'values')).toBe(name);
      }),
    );
  });

  it('undoes `dots` as far as that can be', () => {
    expect(unescapeName('mysystem_dot_prod__west', 'dots')).toBe('mysystem.prod_west');
    expect(unescapeName('a_b', 'underscores')).toBe('a_b');
    expect(unescapeName('a__b', 'allow-utf-8')).toBe('a__b');
  });

  it.each([
    ['U__label_20__1F631_', 'label 😱'],
    ['U__plain', 'plain'],
    ['plain__x', 'plain__x'],
    ['U__a_20', 'U__a_20'],
    ['U__a_', 'U__a_'],
    ['U__a_xy_', 'U__a_xy_'],
    ['U__a_110000_', 'U__a_110000_'],
    ['U__a_d800_', 'U__a_d800_'],
    ['U__a_1234567_', 'U__a_1234567_'],
  ])('leaves alone what cannot have been written: %s', (name, plain) => {
    expect(unescapeName(name, 'values')).toBe(plain);
  });
});
