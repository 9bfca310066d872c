/** Flags that several commands share, so that one name means one thing everywhere. */
import { Args, Flags } from '@oclif/core';

/** `$TSMON_DATA`, else Prometheus' own default. */
export const DEFAULT_DATA_DIR = 'data';

/**
 * For flags that may be repeated and can come from the environment: oclif hands the variable's value over as it is,
 * where a list is wanted. Only what was given as an argument has a token.
 */
const fromEnvironment = async (input: string, { token }: { token?: unknown }): Promise<string> =>
  (token === undefined ? [input] : input) as string;

export const fromFlag = Flags.string({
  description:
    'Where to read: a data directory, a block, a file, - for stdin, or an http(s) URL; repeat to merge',
  helpValue: 'SOURCE',
  env: 'TSMON_DATA',
  parse: fromEnvironment,
  multiple: true,
  multipleNonGreedy: true,
  default: [DEFAULT_DATA_DIR],
});

/** For commands that look at storage itself rather than at samples. */
export const dataFlag = Flags.string({
  description: 'A data directory, or a single block; repeat for several',
  helpValue: 'DIR',
  env: 'TSMON_DATA',
  parse: fromEnvironment,
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

/** Of a command that reads files of samples; with `strict = false` there may be several. */
export const filesArg = Args.string({
  description: 'Files to read, - for standard input (default)',
  ignoreStdin: true,
});

/** The format of such files, of those that the command reads. */
export function formatFlag<T extends string>(formats: readonly T[]) {
  return Flags.option({
    char: 'f',
    description: 'The format of the input; found out from its first bytes unless given',
    options: formats,
  })();
}

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
