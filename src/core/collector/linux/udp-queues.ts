/** Bytes that wait in UDP sockets, summed over /proc/net/udp and /proc/net/udp6. */
import type { Collector } from '../collector.ts';
import { malformed, readTextIfAny, words } from '../files.ts';

/** Position of `tx_queue:rx_queue` (hexadecimal) in a row. */
const QUEUES = 4;

export const udpQueues: Collector = {
  name: 'udp_queues',
  collect({ files }, out) {
    const queues = out.gauge(
      'node_udp_queues',
      'Number of allocated memory in the kernel for UDP datagrams in bytes.',
      'queue',
      'ip',
    );
    let found = false;
    for (const [path, ip] of [
      ['net/udp', 'v4'],
      ['net/udp6', 'v6'],
    ]) {
      const file = files.proc(path);
      const text = readTextIfAny(file);
      if (text === undefined) continue;
      found = true;
      let sending = 0;
      let receiving = 0;
      const lines = text.split('\n');
      for (let i = 1; i < lines.length; i++) {
        const fields = words(lines[i]);
        if (fields.length === 0) continue;
        const match = /^([0-9A-F]+):([0-9A-F]+)$/i.exec(fields[QUEUES] ?? '');
        if (match === null) throw malformed('expected "tx_queue:rx_queue" in the fifth field', file, i + 1);
        sending += Number.parseInt(match[1], 16);
        receiving += Number.parseInt(match[2], 16);
      }
      queues.add(sending, 'tx', ip);
      queues.add(receiving, 'rx', ip);
    }
    return found;
  },
};
