/** Settings of the engine that no script can change. */
import { describe, expect, it } from 'vitest';
import { type EngineOptions, instantQuery } from '../../../../src/core/promql/engine/engine.ts';
import { parseTestScript } from '../../../../src/core/promql/test-language/index.ts';
import { load } from '../../../../src/core/promql/test-runner/index.ts';
import { MemorySource } from '../../../../src/core/source/memory.ts';

/** Names would be the same without their types, so every series has a label of its own. */
const SERIES = `load 1m
  a_total{i="1"} 0+60x5
  a_total{i="2", __type__="counter"} 0+60x5
  a_total{i="3", __type__="gauge"} 0+60x5
  b{i="4", __type__="histogram"} 0+60x5
  b{i="5"} 0+60x5
`;

function source(): MemorySource {
  const source = new MemorySource();
  for (const command of parseTestScript(SERIES).commands) {
    if (command.kind === 'load') load(command, source);
  }
  return source;
}

async function infos(query: string, options: EngineOptions): Promise<string[]> {
  const { annotations } = await instantQuery(source(), query, 300_000, options);
  return annotations.map(({ text }) => text);
}

describe('what might not be a counter', () => {
  const byName = (name: string) =>
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "${name}"`;
  const byType = (name: string, type: string) =>
    `metric might not be a counter, __type__ label is not set to "counter" or "histogram", got "${type}": "${name}"`;

  it('is told by the name', async () => {
    expect(await infos('rate({__name__=~".+"}[5m])', {})).toEqual([byName('b')]);
  });

  it('is told by the type where types are labels', async () => {
    const found = await infos('rate({__name__=~".+"}[5m])', { typeAndUnitLabels: true });
    expect(found.sort()).toEqual([byType('a_total', ''), byType('b', ''), byType('a_total', 'gauge')]);
  });
});
