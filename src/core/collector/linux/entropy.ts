/** The kernel's entropy pool, in bits. */
import type { Collector } from '../collector.ts';
import { parseNumber, readText } from '../files.ts';

export const entropy: Collector = {
  name: 'entropy',
  collect({ files }, out) {
    const available = files.proc('sys/kernel/random/entropy_avail');
    out
      .gauge('node_entropy_available_bits', 'Bits of available entropy.')
      .add(parseNumber(readText(available).trim(), available));
    const poolSize = files.proc('sys/kernel/random/poolsize');
    out
      .gauge('node_entropy_pool_size_bits', 'Bits of entropy pool.')
      .add(parseNumber(readText(poolSize).trim(), poolSize));
    return true;
  },
};
