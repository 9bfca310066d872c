/**
 * The base of the commands under `tsmon promtool`: promtool's way to name its flags, to say what is wrong, and to exit
 * (1 for every failure, also of usage; 3 for lint findings). What they do is what tsmon's own commands do.
 */
import { existsSync } from 'node:fs';
import { Flags } from '@oclif/core';
import { InputError } from '../core/errors.ts';
import { type ParserOptions, parserOptionsFor } from '../core/promql/parser/index.ts';
import { CommandFailure, EXIT_FAILED, EXIT_USAGE, TsmonCommand } from './command.ts';
import { ClosedPipe } from './output.ts';

/** There are lint findings. */
export const EXIT_LINT = 3;

/** Flags of `promtool check` itself, which all its commands take, and few of them use. */
export const promtoolCheckFlags = {
  extended: Flags.boolean({
    description: 'Print extended information related to the cardinality of the metrics',
    allowNo: true,
    hidden: true,
  }),
  'query.lookback-delta': Flags.string({
    description: "The server's maximum query lookback duration",
    default: '5m',
    hidden: true,
  }),
};

/** What promtool says of the faults that oclif's parser finds most. */
function usageText(message: string): string {
  const text = message.replace(/\nSee more help with --help$/, '');
  const flag = /^Nonexistent flag: (--\S+)/.exec(text);
  if (flag !== null) return `unknown long flag '${flag[1]}'`;
  const missing = [...text.matchAll(/Missing required flag (\S+)/g)].map(([, name]) => `'--${name}'`);
  if (missing.length > 0) return `required flag(s) ${missing.join(', ')} not provided`;
  const args = [...text.matchAll(/^\s*([\w -]+?)\s{2,}\S/gm)].map(([, name]) => `'${name}'`);
  if (text.startsWith('Missing') && args.length > 0) return `required argument ${args[0]} not provided`;
  return text;
}

export abstract class PromtoolCommand extends TsmonCommand {
  static override baseFlags = {
    ...TsmonCommand.baseFlags,
    experimental: Flags.boolean({
      description: 'Enable experimental commands',
      helpGroup: 'GLOBAL',
      allowNo: true,
    }),
    'enable-feature': Flags.string({
      description: 'Comma separated feature names to enable',
      helpGroup: 'GLOBAL',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
  };

  override async catch(error: Error): Promise<void> {
    if (error instanceof ClosedPipe) {
      process.exitCode = 0;
      return;
    }
    const system = error as NodeJS.ErrnoException;
    const usage = (error as { oclif?: { exit?: number } }).oclif?.exit !== undefined;
    if (error instanceof CommandFailure || error instanceof InputError) {
      if (error.message !== '') this.say(error.message);
      const status = error instanceof CommandFailure ? error.exitCode : EXIT_FAILED;
      process.exitCode = status === EXIT_USAGE ? EXIT_FAILED : status;
    } else if (usage) {
      this.say(`promtool: error: ${usageText(error.message)}, try --help`);
      process.exitCode = EXIT_FAILED;
    } else if (typeof system.syscall === 'string') {
      this.say(
        system.code === 'ENOENT'
          ? `${system.syscall} ${system.path}: no such file or directory`
          : error.message,
      );
      process.exitCode = EXIT_FAILED;
    } else await super.catch(error);
  }

  /** What --enable-feature says of the language. */
  protected parserOptions(features: readonly string[] | undefined): ParserOptions {
    return parserOptionsFor(features ?? []);
  }

  protected requireFiles(paths: readonly string[]): void {
    for (const path of paths) {
      if (!existsSync(path)) {
        throw new CommandFailure(EXIT_FAILED, `promtool: error: path '${path}' does not exist, try --help`);
      }
    }
  }

  protected requireExperimental(given: boolean): void {
    if (given) return;
    const reason = 'This command is experimental and requires the --experimental flag to be set.';
    throw new CommandFailure(EXIT_FAILED, reason);
  }
}
