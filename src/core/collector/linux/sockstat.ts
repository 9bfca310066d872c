/** Sockets in use by protocol: /proc/net/sockstat and /proc/net/sockstat6. */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import type { Collector } from '../collector.ts';
import type { Families } from '../families.ts';
import { parseNumber, readTextIfAny, words } from '../files.ts';

export const sockstat: Collector = {
  name: 'sockstat',
  collect({ files }, out) {
    let found = false;
    for (const path of ['net/sockstat', 'net/sockstat6']) {
      const file = files.proc(path);
      const text = readTextIfAny(file);
      if (text === undefined) continue;
      found = true;
      text.split('\n').forEach((line, i) => {
        collectLine(out, words(line), file, i + 1);
      });
    }
    return found;
  },
};

/** `TCP: inuse 2 orphan 0 …`: pairs of a state and a number. */
function collectLine(out: Families, fields: readonly string[], file: string, line: number): void {
  if (fields.length === 0) return;
  const protocol = fields[0].replace(/:$/, '');
  for (let i = 1; i < fields.length; i += 2) {
    const state = fields[i];
    const v = parseNumber(fields[i + 1], file, line);
    if (protocol === 'sockets') {
      out.gauge('node_sockstat_sockets_used', 'Number of IPv4 sockets in use.').add(v);
      continue;
    }
    add(out, protocol, state, v);
    if (state === 'mem') add(out, protocol, 'mem_bytes', v * pageSize());
  }
}

function add(out: Families, protocol: string, state: string, v: number): void {
  out.gauge(`node_sockstat_${protocol}_${state}`, `Number of ${protocol} sockets in state ${state}.`).add(v);
}

const AT_PAGESZ = 6;
let cachedPageSize = 0;

/** Bytes in a page of this machine's memory, which the kernel tells each process in its auxiliary vector. */
function pageSize(): number {
  if (cachedPageSize !== 0) return cachedPageSize;
  cachedPageSize = 4096;
  try {
    const vector = readFileSync('/proc/self/auxv');
    const isLittle = endianness() === 'LE';
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      const key = isLittle ? vector.readUInt32LE(at) : vector.readUInt32BE(at + 4);
      if (key === AT_PAGESZ)
        cachedPageSize = isLittle ? vector.readUInt32LE(at + 8) : vector.readUInt32BE(at + 12);
    }
  } catch {
    // No /proc of our own: 4 KiB is what nearly every machine has.
  }
  return cachedPageSize;
}
