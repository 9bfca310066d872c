import { describe, expect, it } from 'vitest';
import { engineOptions, features } from '../../src/cli/engine-options.ts';

const flags = { 'max-samples': 1000 };

describe('features', () => {
  it('are taken from lists with commas and from repeated flags', () => {
    expect(features(['type-and-unit-labels, use-start-timestamps', 'promql-duration-expr,'])).toEqual([
      'type-and-unit-labels',
      'use-start-timestamps',
      'promql-duration-expr',
    ]);
  });

  it('that became part of the language do nothing', () => {
    expect(features(['promql-at-modifier,promql-negative-offset'])).toEqual([]);
  });

  it('that no query knows are all named', () => {
    expect(() => features(['exemplar-storage,promql-duration-expr', 'typo'])).toThrow(
      /"exemplar-storage", "typo" are not features of queries; those are promql-experimental-functions, /,
    );
    expect(() => features(['typo'])).toThrow(/"typo" is not a feature of queries/);
  });
});

describe('engineOptions', () => {
  it('has nothing experimental unless it is enabled', () => {
    expect(engineOptions(flags)).toMatchObject({
      delayedNameRemoval: false,
      typeAndUnitLabels: false,
      useStartTimestamps: false,
      parser: { experimentalFunctions: false, fillModifiers: false, extendedRangeSelectors: false },
    });
  });

  it('passes features on to the parser and to the engine', () => {
    const given = [
      'type-and-unit-labels,use-start-timestamps',
      'promql-delayed-name-removal,promql-binop-fill-modifiers',
    ];
    expect(engineOptions({ ...flags, 'enable-feature': given })).toMatchObject({
      delayedNameRemoval: true,
      typeAndUnitLabels: true,
      useStartTimestamps: true,
      parser: { fillModifiers: true, experimentalFunctions: false },
    });
  });
});
