/**
 * The base of every command: the flags all of them have, and the one place where a fault becomes a line on stderr
 * and an exit status.
 *
 * Exit codes: 0 done; 1 a check failed, or nothing matched where a match was asked for; 2 wrong usage or bad input;
 * 130 interrupted. A command documents any other of its own.
 */
import { Command, Flags } from '@oclif/core';
import { InputError } from '../core/errors.ts';
import { nearestName } from '../core/spelling/index.ts';
import { ClosedPipe } from './output.ts';
import { type Painter, painter } from './paint.ts';
import { parserFault } from './parser-fault.ts';
import { advised } from './repair-advice.ts';
import { isTerminal } from './terminal.ts';

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_INTERRUPTED = 130;

/** Ends the command with a status and, unless `message` is empty, one line on stderr. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message = '') {
    super(message);
    this.exitCode = exitCode;
  }
}

export abstract class TsmonCommand extends Command {
  static override baseFlags = {
    color: Flags.string({
      description: 'Colour in what people read: on a terminal, always, or never (NO_COLOR is honoured)',
      options: ['auto', 'always', 'never'],
      default: 'auto',
      helpGroup: 'GLOBAL',
    }),
  };

  /** Colours for stderr, following --color. */
  protected get paint(): Painter {
    return painter(this.colorMode(), isTerminal(2));
  }

  /** Colours for stdout, following --color: a pipe gets none. */
  protected get paintOut(): Painter {
    return painter(this.colorMode(), isTerminal(1));
  }

  /** A line for people. Data goes to stdout through `Output`. */
  protected say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** A line for people about something that is wrong and does not stop the command. */
  protected complain(line: string): void {
    this.say(`${this.paint.yellow('warning:')} ${line}`);
  }

  override async catch(error: Error): Promise<void> {
    process.exitCode = this.report(error);
  }

  private report(error: Error): number {
    // oclif puts its heading around any error that a flag's check throws. The message of a DOMException is fixed.
    if (!(error instanceof DOMException)) error.message = parserFault(error.message);
    if (error instanceof ClosedPipe) return 0;
    if (error instanceof CommandFailure) {
      if (error.message !== '') this.sayError(error.message);
      return error.exitCode;
    }
    if (error instanceof InputError) {
      this.sayError(advised(error).message);
      return EXIT_USAGE;
    }
    // `this.exit(n)` of oclif.
    const exit = (error as { oclif?: { exit?: number } }).oclif?.exit;
    if ((error as { code?: string }).code === 'EEXIT') return exit ?? 0;
    // oclif's parser: a wrong flag or argument.
    if (exit !== undefined) {
      this.sayError(error.message + this.flagHint(error.message));
      this.say(`See "tsmon ${this.id?.replaceAll(':', ' ')} --help".`);
      return EXIT_USAGE;
    }
    if (isSystemError(error)) {
      this.sayError(systemMessage(error));
      return EXIT_USAGE;
    }
    this.sayError(`a fault of tsmon's own, please report it: ${error.stack ?? error.message}`);
    return 70;
  }

  /** What may have been meant by a flag that there is not. */
  private flagHint(message: string): string {
    const typed = /^Nonexistent flag: --([^\s=]+)$/.exec(message)?.[1];
    if (typed === undefined) return '';
    const names = Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags });
    const near = nearestName(typed, names);
    // Which of the two a directory goes with is easily mixed up.
    if (near.length === 0) near.push(...names.filter((name) => name === { from: 'to', to: 'from' }[typed]));
    return near.length === 0 ? '' : `; did you mean ${near.map((name) => `--${name}`).join(' or ')}?`;
  }

  private sayError(message: string): void {
    this.say(`${this.paint.red('error:')} ${message}`);
  }

  private colorMode(): string {
    const at = this.argv.findIndex((arg) => arg === '--color' || arg.startsWith('--color='));
    if (at < 0) return 'auto';
    return this.argv[at] === '--color'
      ? (this.argv[at + 1] ?? 'auto')
      : this.argv[at].slice('--color='.length);
  }
}

interface SystemError extends Error {
  code: string;
  syscall: string;
  path?: string;
}

function isSystemError(error: Error): error is SystemError {
  return typeof (error as Partial<SystemError>).syscall === 'string';
}

const SYSTEM_REASONS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  EIO: 'input/output error',
};

/** `data/wal: permission denied` rather than Node's `EACCES: permission denied, open 'data/wal'`. */
function systemMessage(error: SystemError): string {
  const reason = SYSTEM_REASONS[error.code] ?? error.message;
  return error.path === undefined ? `${error.syscall}: ${reason}` : `${error.path}: ${reason}`;
}
