/**
 * Metrics that other programs of the host leave as files: the textfile collector. Each `*.prom` file of the
 * configured folders is in Prometheus' text format; programs write it beside and rename it into place.
 */
import { readFileSync, statSync } from 'node:fs';
import { InputError } from '../errors.ts';
import { Batch } from '../exposition/batch.ts';
import { type Family, SeriesTable } from '../exposition/series-table.ts';
import { TextParser } from '../exposition/text-parser.ts';
import type { MetricFamily } from '../model/family.ts';
import { METRIC_NAME } from '../model/labels.ts';
import type { Collector } from './collector.ts';
import type { Families } from './families.ts';
import { listFolder, malformed } from './files.ts';

const NAME = 'textfile';

export const textfile: Collector = {
  name: NAME,
  collect({ settings, complain }, out) {
    let failed = false;
    const fail = (reason: string) => {
      failed = true;
      complain({ collector: NAME, reason });
    };
    const merger = new Merger(out, fail, (reason) => complain({ collector: NAME, reason }));
    const mtimes = out.gauge(
      'node_textfile_mtime_seconds',
      'Unixtime mtime of textfiles successfully read.',
      'file',
    );
    for (const folder of settings.textfileDirectories) {
      for (const name of promFiles(folder, fail)) {
        const file = `${folder}/${name}`;
        try {
          const families = readFamilies(file);
          for (const family of families) merger.add(family, file);
          mtimes.add(Math.floor(statSync(file).mtimeMs / 1000), file);
        } catch (error) {
          const { message } = error as Error;
          // Node does not name the file in errors of read(2).
          fail(message.includes(file) ? message : `${file}: ${message}`);
        }
      }
    }
    merger.nameFiles();
    out
      .gauge('node_textfile_scrape_error', '1 if there was an error opening or reading a file, 0 otherwise')
      .add(failed ? 1 : 0);
    return true;
  },
};

function promFiles(folder: string, fail: (reason: string) => void): string[] {
  try {
    const names = listFolder(folder);
    if (names === undefined) fail(`${folder}: no such folder`);
    return names?.filter((name) => name.endsWith('.prom')) ?? [];
  } catch (error) {
    fail((error as Error).message);
    return [];
  }
}

/**
 * The families of one file, all of it or none: a file that is wrong somewhere may be wrong anywhere. Throws
 * InputError, and Node's errors.
 */
function readFamilies(file: string): MetricFamily[] {
  const bytes = readFileSync(file);
  // A file that does not end in a line feed was probably caught while it was written.
  if (bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a) {
    throw malformed('the last line does not end in a line feed', file);
  }
  const table = new SeriesTable();
  const batch = new Batch();
  const parser = new TextParser(table);
  try {
    parser.write(bytes, batch);
    parser.end(batch);
  } catch (error) {
    throw error instanceof InputError ? error.in({ file }) : error;
  }
  const families = new Map<string, MetricFamily>();
  for (let row = 0; row < batch.length; row++) {
    // What has a time of its own cannot be collected at another time.
    if (!Number.isNaN(batch.t[row])) throw malformed('timestamps are not supported in text files', file);
    const series = batch.series[row];
    const labels = table.labels[series];
    const declared: Family | undefined = table.families[table.familyOf[series]];
    const name = declared?.name ?? labels.get(METRIC_NAME);
    let family = families.get(name);
    if (family === undefined) {
      const { type, help } = declared ?? { type: 'unknown', help: '' };
      family = { name, type, help, unit: '', samples: [] };
      families.set(name, family);
    }
    family.samples.push({ labels, v: batch.v[row] });
  }
  return [...families.values()];
}

/** Adds the families of one file after another to those of the host, so that no series has two samples. */
class Merger {
  private readonly out: Families;
  private readonly fail: (reason: string) => void;
  private readonly warn: (reason: string) => void;
  /** The series of the families that files have samples of, those from elsewhere included. */
  private readonly series = new SeriesTable();
  private readonly merged: Set<MetricFamily> = new Set();
  /** Family without a help -> the files that have samples of it. */
  private readonly unexplained: Map<MetricFamily, string[]> = new Map();

  constructor(out: Families, fail: (reason: string) => void, warn: (reason: string) => void) {
    this.out = out;
    this.fail = fail;
    this.warn = warn;
  }

  add(family: MetricFamily, file: string): void {
    const known = this.out.get(family.name);
    const target = known ?? this.out.family(family.name, family.type, family.help);
    if (target.type !== family.type && family.type !== 'unknown') {
      this.fail(`${file}: ${family.name} is of type ${family.type} here, but known as ${target.type}`);
      return;
    }
    if (target.help !== family.help && family.help !== '') {
      this.fail(`${file}: the help of ${family.name} differs from the one that is known`);
      return;
    }
    if (known === undefined && family.help === '') this.unexplained.set(target, []);
    this.unexplained.get(target)?.push(file);
    if (!this.merged.has(target)) for (const { labels } of target.samples) this.series.intern(labels);
    this.merged.add(target);
    for (const sample of family.samples) {
      if (this.series.find(sample.labels) !== -1) {
        this.warn(`${file}: ${sample.labels} is there already`);
        continue;
      }
      this.series.intern(sample.labels);
      target.samples.push(sample);
    }
  }

  /** Helps that nobody wrote say where the samples come from. */
  nameFiles(): void {
    for (const [family, files] of this.unexplained) family.help = `Metric read from ${files.join(', ')}`;
  }
}
