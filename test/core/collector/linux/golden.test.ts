/**
 * All that the collectors find on the made-up hosts, against `test/testdata/host/*.golden`; the interop test holds
 * the same trees against the real node_exporter.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MetricFamily } from '../../../../src/core/model/index.ts';
import { read, samples, TESTDATA, unpackTree } from '../tree.ts';

/** What is not of the made-up host but of the one that runs the test. */
const OF_THIS_HOST =
  /^node_(uname|time_(seconds|zone)|scrape_collector_duration|filesystem_.*(bytes|files)|sockstat_.*_mem_bytes|textfile_mtime)/;

function lines({ name, type, help }: MetricFamily, values: string[]): string {
  return `# ${name} ${type} ${help}\n${values.map((line) => `${line}\n`).join('')}`;
}

it.each(['server', 'legacy'])('finds what it always found on the host %s', async (tree) => {
  const root = unpackTree(tree);
  const reading = read(root, { textfileDirectories: tree === 'server' ? [join(root, 'textfile')] : [] });
  expect(reading.failures).toEqual([]);
  const text = [...reading.families.values()]
    .filter(({ name }) => !OF_THIS_HOST.test(name))
    .map((family) => lines(family, samples(reading, family.name)!))
    .join('');
  await expect(text.replaceAll(root, '<root>')).toMatchFileSnapshot(join(TESTDATA, `${tree}.golden`));
});
