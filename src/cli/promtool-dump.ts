/** The flags and the source of promtool's two dumps. */
import { Flags } from '@oclif/core';
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from '../core/model/timestamp.ts';
import { parseSelector } from '../core/promql/parser/index.ts';
import { DirectorySource } from '../core/source/directory.ts';
import type { DumpOptions } from '../core/source/dump.ts';
import { CommandFailure, EXIT_FAILED } from './command.ts';
import { requireDatabase } from './promtool-data.ts';

export const dumpFlags = {
  'sandbox-dir-root': Flags.string({ description: "promtool's flag: no sandbox is needed", hidden: true }),
  'min-time': Flags.string({
    description: 'Minimum timestamp to dump, in milliseconds since the Unix epoch',
  }),
  'max-time': Flags.string({
    description: 'Maximum timestamp to dump, in milliseconds since the Unix epoch',
  }),
  match: Flags.string({
    description: 'Series selector; repeat for several',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

interface DumpFlags {
  'min-time'?: string | undefined;
  'max-time'?: string | undefined;
  match?: string[] | undefined;
}

export function dumpOptions(flags: DumpFlags): DumpOptions {
  return {
    mint: limit(flags['min-time'], '--min-time', MIN_TIMESTAMP),
    maxt: limit(flags['max-time'], '--max-time', MAX_TIMESTAMP),
    selectors: (flags.match ?? []).map((selector) => parseSelector(selector)),
  };
}

/** Damage is told and left out. */
export function openDatabase(dir: string, say: (line: string) => void): DirectorySource {
  requireDatabase(dir);
  return new DirectorySource(dir, {
    onDamage: ({ message }) => {
      say(message);
      process.exitCode = EXIT_FAILED;
    },
  });
}

function limit(text: string | undefined, flag: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^-?\d+$/.test(text)) {
    throw new CommandFailure(
      EXIT_FAILED,
      `promtool: error: ${flag}: strconv.ParseInt: parsing "${text}": invalid syntax, try --help`,
    );
  }
  return Math.min(Math.max(Number(text), MIN_TIMESTAMP), MAX_TIMESTAMP);
}
