/** SCSI tape drives, from /sys/class/scsi_tape/<drive>/stats/. https://docs.kernel.org/scsi/st.html */
import type { Collector } from '../collector.ts';
import { listFolder, parseNumber, readText } from '../files.ts';

interface Statistic {
  file: string;
  name: string;
  help: string;
  gauge?: boolean;
}

const WAIT = 'The amount of time spent waiting for';

const STATISTICS: readonly Statistic[] = [
  {
    file: 'in_flight',
    name: 'io_now',
    help: 'The number of I/Os currently outstanding to this device.',
    gauge: true,
  },
  {
    file: 'io_ns',
    name: 'io_time_seconds_total',
    help: `${WAIT} all I/O to complete (including read and write). This includes tape movement commands such as seeking between file or set marks and implicit tape movement such as when rewind on close tape devices are used.`,
  },
  {
    file: 'other_cnt',
    name: 'io_others_total',
    help: 'The number of I/Os issued to the tape drive other than read or write commands. The time taken to complete these commands uses the following calculation io_time_seconds_total-read_time_seconds_total-write_time_seconds_total',
  },
  { file: 'read_byte_cnt', name: 'read_bytes_total', help: 'The number of bytes read from the tape drive.' },
  {
    file: 'read_cnt',
    name: 'reads_completed_total',
    help: 'The number of read requests issued to the tape drive.',
  },
  { file: 'read_ns', name: 'read_time_seconds_total', help: `${WAIT} read requests to complete.` },
  {
    file: 'resid_cnt',
    name: 'residual_total',
    help: 'The number of times during a read or write we found the residual amount to be non-zero. This should mean that a program is issuing a read larger thean the block size on tape. For write not all data made it to tape.',
  },
  {
    file: 'write_byte_cnt',
    name: 'written_bytes_total',
    help: 'The number of bytes written to the tape drive.',
  },
  {
    file: 'write_cnt',
    name: 'writes_completed_total',
    help: 'The number of write requests issued to the tape drive.',
  },
  { file: 'write_ns', name: 'write_time_seconds_total', help: `${WAIT} write requests to complete.` },
];

const NANOSECOND = 0.000000001;

export const tapestats: Collector = {
  name: 'tapestats',
  collect({ files, settings }, out) {
    const root = files.sys('class/scsi_tape');
    const drives = listFolder(root);
    if (drives === undefined) return false;
    for (const drive of drives) {
      // Each drive is there eight times: with other densities (st0l, …) and without rewinding (nst0, …).
      if (!/^st\d+$/.test(drive) || settings.tapeDevicesExclude.matches(drive)) continue;
      for (const { file, name, help, gauge } of STATISTICS) {
        const path = `${root}/${drive}/stats/${file}`;
        const v = parseNumber(readText(path).trim(), path);
        const family = `node_tape_${name}`;
        (gauge ? out.gauge(family, help, 'device') : out.counter(family, help, 'device')).add(
          file.endsWith('_ns') ? v * NANOSECOND : v,
          drive,
        );
      }
    }
    return true;
  },
};
