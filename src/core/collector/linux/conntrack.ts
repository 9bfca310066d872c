/** Connection tracking: the table's size from /proc/sys, per-CPU statistics (in hexadecimal) from /proc/net/stat. */
import type { Collector } from '../collector.ts';
import { malformed, parseNumber, readTextIfAny, words } from '../files.ts';

/** Column of /proc/net/stat/nf_conntrack, and what node_exporter says of it. */
const STATISTICS = {
  found: 'Number of searched entries which were successful.',
  invalid: 'Number of packets seen which can not be tracked.',
  ignore: 'Number of packets seen which are already connected to a conntrack entry.',
  insert: 'Number of entries inserted into the list.',
  insert_failed: 'Number of entries for which list insertion was attempted but failed.',
  drop: 'Number of packets dropped due to conntrack failure.',
  early_drop:
    'Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.',
  search_restart: 'Number of conntrack table lookups which had to be restarted due to hashtable resizes.',
};

export const conntrack: Collector = {
  name: 'conntrack',
  collect({ files }, out) {
    const countFile = files.proc('sys/net/netfilter/nf_conntrack_count');
    const count = readTextIfAny(countFile);
    if (count === undefined) return false;
    out
      .gauge(
        'node_nf_conntrack_entries',
        'Number of currently allocated flow entries for connection tracking.',
      )
      .add(parseNumber(count.trim(), countFile));

    const maxFile = files.proc('sys/net/netfilter/nf_conntrack_max');
    const max = readTextIfAny(maxFile);
    if (max === undefined) return false;
    out
      .gauge('node_nf_conntrack_entries_limit', 'Maximum size of connection tracking table.')
      .add(parseNumber(max.trim(), maxFile));

    const file = files.proc('net/stat/nf_conntrack');
    const text = readTextIfAny(file);
    if (text === undefined) return false;
    const sums = sumColumns(text, file);
    for (const [name, help] of Object.entries(STATISTICS)) {
      out.gauge(`node_nf_conntrack_stat_${name}`, help).add(sums.get(name) ?? 0);
    }
    return true;
  },
};

/** Adds up the rows, one for each CPU, by the names in the first line. */
function sumColumns(text: string, file: string): Map<string, number> {
  const lines = text.split('\n');
  const names = words(lines[0]);
  const sums = new Map(names.map((name) => [name, 0]));
  for (let row = 1; row < lines.length; row++) {
    const fields = words(lines[row]);
    if (fields.length === 0) continue;
    // Some kernels print one header column less than they print values.
    if (fields.length < names.length) {
      throw malformed(`expected ${names.length} fields, got ${fields.length}`, file, row + 1);
    }
    names.forEach((name, i) => {
      if (!/^[0-9a-f]+$/i.test(fields[i])) {
        throw malformed(`expected a hexadecimal number, got ${JSON.stringify(fields[i])}`, file, row + 1);
      }
      sums.set(name, sums.get(name)! + Number.parseInt(fields[i], 16));
    });
  }
  return sums;
}
