/** Open files of the whole system, from /proc/sys/fs/file-nr: allocated, unused (always 0), maximum. */
import type { Collector } from '../collector.ts';
import { malformed, parseNumber, readText, words } from '../files.ts';

export const filefd: Collector = {
  name: 'filefd',
  collect({ files }, out) {
    const file = files.proc('sys/fs/file-nr');
    const numbers = words(readText(file));
    if (numbers.length < 3) throw malformed(`expected 3 numbers, got ${numbers.length}`, file, 1);
    out
      .gauge('node_filefd_allocated', 'File descriptor statistics: allocated.')
      .add(parseNumber(numbers[0], file, 1));
    out
      .gauge('node_filefd_maximum', 'File descriptor statistics: maximum.')
      .add(parseNumber(numbers[2], file, 1));
    return true;
  },
};
