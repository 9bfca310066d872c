/** What uname(2) says, through Node, which leaves out only the NIS domain name. */
import { hostname, machine, release, type, version } from 'node:os';
import { attribute } from './attributes.ts';
import type { Collector } from './collector.ts';

export const uname: Collector = {
  name: 'uname',
  collect({ files }, out) {
    out
      .gauge(
        'node_uname_info',
        'Labeled system information as provided by the uname system call.',
        ...['sysname', 'release', 'version', 'machine', 'nodename', 'domainname'],
      )
      .add(
        1,
        type(),
        release(),
        version(),
        machine(),
        hostname(),
        attribute(files.proc('sys/kernel/domainname')) ?? '(none)',
      );
    return true;
  },
};
