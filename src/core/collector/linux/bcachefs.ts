/** bcachefs file systems, from /sys/fs/bcachefs/<uuid>/, which is made for people to read. */
import { Attributes, attribute } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import type { Families } from '../families.ts';
import { listFolder, malformed, parseNumber, words } from '../files.ts';

export const bcachefs: Collector = {
  name: 'bcachefs',
  collect({ files }, out) {
    const root = files.sys('fs/bcachefs');
    let found = false;
    for (const uuid of listFolder(root) ?? []) {
      const attributes = Attributes.in(`${root}/${uuid}`);
      if (attributes === undefined) continue;
      found = true;
      collectFileSystem(out, attributes, uuid);
      for (const name of attributes.names) {
        const device = /^dev-(\d+)$/.exec(name)?.[1];
        const parts = device === undefined ? undefined : Attributes.in(`${attributes.path}/${name}`);
        if (device !== undefined && parts !== undefined) collectDevice(out, parts, uuid, device);
      }
    }
    return found;
  },
};

function collectFileSystem(out: Families, attributes: Attributes, uuid: string): void {
  const { path } = attributes;
  const gauge = (name: string, help: string, ...labels: string[]) =>
    out.gauge(`node_bcachefs_${name}`, help, 'uuid', ...labels);
  const counter = (name: string, help: string, ...labels: string[]) =>
    out.counter(`node_bcachefs_${name}_total`, help, 'uuid', ...labels);

  gauge('info', 'Filesystem information.').add(1, uuid);
  const cacheSize = attributes.text('btree_cache_size');
  if (cacheSize !== '') {
    gauge('btree_cache_size_bytes', 'Btree cache memory usage in bytes.').add(
      parseSize(cacheSize, `${path}/btree_cache_size`),
      uuid,
    );
  }

  // A line of headings, then `lz4 19.3G 67.0G 112k`: compressed, uncompressed, average extent.
  for (const row of rows(attributes.text('compression_stats')).slice(1)) {
    const file = `${path}/compression_stats`;
    gauge('compression_compressed_bytes', 'Compressed size by algorithm.', 'algorithm').add(
      parseSize(row[1], file),
      uuid,
      row[0],
    );
    gauge('compression_uncompressed_bytes', 'Uncompressed size by algorithm.', 'algorithm').add(
      parseSize(row[2], file),
      uuid,
      row[0],
    );
  }

  // `checksum_err 10 1768142701`: how often, and when last.
  for (const row of rows(attributes.text('errors'))) {
    counter('errors', 'Error count by error type.', 'error_type').add(
      parseNumber(row[1], `${path}/errors`),
      uuid,
      row[0],
    );
  }

  // A line of headings, then `initial: 19088 108k`: how many, and their average size.
  for (const row of rows(attributes.text('btree_write_stats')).slice(1)) {
    const file = `${path}/btree_write_stats`;
    const type = row[0].replace(/:$/, '');
    counter('btree_writes', 'Number of btree writes by type.', 'type').add(
      parseNumber(row[1], file),
      uuid,
      type,
    );
    gauge('btree_write_average_size_bytes', 'Average btree write size by type.', 'type').add(
      parseSize(row[2], file),
      uuid,
      type,
    );
  }

  const counters = Attributes.in(`${path}/counters`);
  for (const name of counters?.names ?? []) {
    const since = /since filesystem creation:\s*(\S+)/.exec(counters!.text(name))?.[1];
    if (since === undefined) continue;
    counter(name.replace(/[^a-zA-Z0-9_]/g, '_'), `Bcachefs counter ${name} since filesystem creation.`).add(
      parseSize(since, `${path}/counters/${name}`),
      uuid,
    );
  }
}

function collectDevice(out: Families, attributes: Attributes, uuid: string, device: string): void {
  const { path } = attributes;
  const gauge = (name: string, help: string, ...labels: string[]) =>
    out.gauge(`node_bcachefs_device_${name}`, help, 'uuid', 'device', ...labels);
  const counter = (name: string, help: string, ...labels: string[]) =>
    out.counter(`node_bcachefs_device_${name}_total`, help, 'uuid', 'device', ...labels);
  const number = (name: string) => {
    const text = attributes.text(name);
    return text === '' ? 0 : parseSize(text, `${path}/${name}`);
  };

  gauge('info', 'Device information.', 'label', 'state').add(
    1,
    uuid,
    device,
    attributes.text('label'),
    attributes.text('state'),
  );
  gauge('bucket_size_bytes', 'Bucket size in bytes.').add(number('bucket_size'), uuid, device);
  gauge('buckets', 'Total number of buckets.').add(number('nbuckets'), uuid, device);
  gauge('durability', 'Device durability setting.').add(number('durability'), uuid, device);

  // `read:` and `write:`, each followed by `user : 7` for each kind of data.
  let operation = '';
  for (const line of attributes.text('io_done').split('\n')) {
    const [kind, bytes] = line.split(':').map((part) => part.trim());
    if (bytes === '') operation = kind;
    else if (bytes !== undefined) {
      counter('io_done_bytes', 'IO bytes by operation type and data type.', 'operation', 'data_type').add(
        parseNumber(bytes, `${path}/io_done`),
        ...[uuid, device, operation, kind],
      );
    }
  }

  // The first of two tables: `IO errors since filesystem creation`, then `  read: 3`.
  const [errors] = (attribute(`${path}/io_errors`) ?? '').split(/^IO errors since (?!filesystem)/m);
  for (const [, type, n] of errors.matchAll(/^\s+(\w+):\s*(\d+)\s*$/gm)) {
    counter('io_errors', 'IO errors by error type.', 'type').add(Number(n), uuid, device, type);
  }
}

function rows(text: string): string[][] {
  return text
    .split('\n')
    .map(words)
    .filter((row) => row.length > 0);
}

const SUFFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** `19.3G`: powers of 1024, in whole bytes. */
function parseSize(text: string | undefined, file: string): number {
  const match = /^(\d+(?:\.\d+)?)([kMGTPE]?)$/.exec(text ?? '');
  if (match === null) throw malformed(`expected a size, got ${JSON.stringify(text ?? '')}`, file);
  return Math.floor(Number(match[1]) * 1024 ** SUFFIXES.indexOf(match[2]));
}
