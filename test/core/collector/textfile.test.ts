import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Reading, read, samples, value, writeTree } from './tree.ts';

const ONLY = { collectors: ['loadavg', 'textfile'] };

/** Collects a host whose textfile folder `t` has these files, and `/proc/loadavg`. */
function readTextfiles(files: Record<string, string>): Reading & { folder: string } {
  const root = writeTree({
    'proc/loadavg': '0.5 1.5 2.5 1/90 1973\n',
    't/': '',
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`t/${name}`, text])),
  });
  const folder = join(root, 't');
  return { folder, ...read(root, { ...ONLY, textfileDirectories: [folder] }) };
}

it('takes the families of all *.prom files, with type and help', () => {
  const reading = readTextfiles({
    'a.prom': '# HELP jobs_done Jobs.\n# TYPE jobs_done counter\njobs_done{q="x"} 3\njobs_done{q="y"} 4\n',
    'b.prom': '# TYPE lat histogram\nlat_bucket{le="+Inf"} 2\nlat_sum 1.5\nlat_count 2\n',
    'c.txt': 'not_read 1\n',
  });
  expect(reading.families.get('jobs_done')).toMatchObject({ type: 'counter', help: 'Jobs.' });
  expect(samples(reading, 'jobs_done')).toEqual(['{q="x"} 3', '{q="y"} 4']);
  expect(reading.families.get('lat')).toMatchObject({ type: 'histogram' });
  expect(reading.families.get('lat')?.samples.map(({ labels }) => labels.toString())).toEqual([
    'lat_bucket{le="+Inf"}',
    'lat_sum',
    'lat_count',
  ]);
  expect(reading.families.has('not_read')).toBe(false);
  expect(value(reading, 'node_textfile_scrape_error')).toBe(0);
});

it('tells when each file was written, in whole seconds', () => {
  const root = writeTree({ 't/a.prom': 'a 1\n' });
  const file = join(root, 't/a.prom');
  utimesSync(file, 1700000000.75, 1700000000.75);
  const reading = read(root, { collectors: ['textfile'], textfileDirectories: [join(root, 't')] });
  expect(samples(reading, 'node_textfile_mtime_seconds')).toEqual([`{file="${file}"} 1700000000`]);
});

it('names the files where nobody wrote a help', () => {
  const { families, folder } = readTextfiles({ '1.prom': 'x{a="1"} 1\n', '2.prom': 'x{a="2"} 2\n' });
  expect(families.get('x')).toMatchObject({
    type: 'unknown',
    help: `Metric read from ${folder}/1.prom, ${folder}/2.prom`,
  });
});

it.each([
  ['a timestamp', 'good 1\nbad 1 1000\n', /f\.prom: timestamps are not supported in text files$/],
  ['a malformed line', 'good 1\nbad line\n', /f\.prom:2:5: /],
  ['an end in the middle of a line', 'good 1\nbad 12', /f\.prom: the last line does not end in a line feed$/],
])('refuses all of a file with %s, and says so', (_, text, reason) => {
  const reading = readTextfiles({ 'f.prom': text, 'other.prom': 'other 1\n' });
  expect(reading.failures).toEqual([{ collector: 'textfile', reason: expect.stringMatching(reason) }]);
  expect(reading.families.has('good')).toBe(false);
  expect(value(reading, 'other')).toBe(1);
  expect(value(reading, 'node_textfile_scrape_error')).toBe(1);
  expect(samples(reading, 'node_textfile_mtime_seconds')?.length).toBe(1);
  expect(samples(reading, 'node_scrape_collector_success')).toContain('{collector="textfile"} 1');
});

it('reports a folder that is not there', () => {
  const reading = read(writeTree({}), { collectors: ['textfile'], textfileDirectories: ['/nowhere/at/all'] });
  expect(reading.failures).toEqual([{ collector: 'textfile', reason: '/nowhere/at/all: no such folder' }]);
  expect(value(reading, 'node_textfile_scrape_error')).toBe(1);
});

it('is content without any folder', () => {
  const reading = read(writeTree({}), { collectors: ['textfile'] });
  expect(reading.failures).toEqual([]);
  expect(value(reading, 'node_textfile_scrape_error')).toBe(0);
});

it('keeps the first of two samples of one series, be it the host or a file that has it first', () => {
  const reading = readTextfiles({
    '1.prom': 'node_load1 7\nx{a="1"} 1\n',
    '2.prom': 'x{a="1"} 2\nx{a="2"} 3\n',
  });
  expect(value(reading, 'node_load1')).toBe(0.5);
  expect(samples(reading, 'x')).toEqual(['{a="1"} 1', '{a="2"} 3']);
  expect(reading.failures.map(({ reason }) => reason.replace(/^.*\//, ''))).toEqual([
    '1.prom: node_load1 is there already',
    '2.prom: x{a="1"} is there already',
  ]);
});

it('refuses a family whose type or help contradicts what is known', () => {
  const reading = readTextfiles({
    '1.prom': '# HELP node_load1 mine\n# TYPE node_load1 gauge\nnode_load1{a="1"} 1\n',
    '2.prom': '# TYPE node_load5 counter\nnode_load5{a="1"} 1\n',
    '3.prom': '# HELP node_load15 15m load average.\n# TYPE node_load15 gauge\nnode_load15{a="1"} 1\n',
  });
  expect(samples(reading, 'node_load1')).toEqual(['{} 0.5']);
  expect(samples(reading, 'node_load5')).toEqual(['{} 1.5']);
  expect(samples(reading, 'node_load15')).toEqual(['{a="1"} 1', '{} 2.5']);
  expect(reading.failures.map(({ reason }) => reason.replace(/^.*\//, ''))).toEqual([
    '1.prom: the help of node_load1 differs from the one that is known',
    '2.prom: node_load5 is of type counter here, but known as gauge',
  ]);
  expect(value(reading, 'node_textfile_scrape_error')).toBe(1);
});

it('takes a file of any bytes without failing', () => {
  const bytes = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a 1\n', '# TYPE a counter\n', 'b{c="d"} '),
  );
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 8 }), (parts) => {
      const reading = readTextfiles({ 'f.prom': parts.join('') });
      expect(value(reading, 'node_load1')).toBe(0.5);
      expect(samples(reading, 'node_scrape_collector_success')).toContain('{collector="textfile"} 1');
    }),
    { numRuns: 30 },
  );
});
