/** Flags that several commands share, so that one name means one thing everywhere. */
import { Flags } from '@oclif/core';

/** `$TSMON_DATA`, else Prometheus' own default. */
export const DEFAULT_DATA_DIR = 'data';

export const fromFlag = Flags.string({
  description:
    'Where to read: a data directory, a block, a file, - for stdin, or an http(s) URL; repeat to merge',
  helpValue: 'SOURCE',
  env: 'TSMON_DATA',
  multiple: true,
  multipleNonGreedy: true,
  default: [DEFAULT_DATA_DIR],
});

export const toFlag = Flags.string({
  description: 'The data directory to write to; made where it does not exist',
  helpValue: 'DIR',
  env: 'TSMON_DATA',
  default: DEFAULT_DATA_DIR,
});

export const matchFlag = Flags.string({
  description: 'Only series that this selector matches, for example \'{job="node"}\'; repeat for a union',
  helpValue: 'SELECTOR',
  multiple: true,
  multipleNonGreedy: true,
});

export const startFlag = Flags.string({
  description: 'From this time on: RFC 3339, a Unix time in seconds or milliseconds, or now-1h',
  helpValue: 'TIME',
});

export const endFlag = Flags.string({
  description: 'Up to and including this time',
  helpValue: 'TIME',
});
