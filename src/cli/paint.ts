/**
 * Colours in what people read. chalk makes them, and is loaded when there is something to colour; elsewhere texts stay
 * as they are.
 */
import { Chalk } from 'chalk';

export interface Painter {
  /** Whether the methods colour at all. */
  readonly colored: boolean;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

/** `mode` is the value of --color; `auto` follows the terminal and NO_COLOR. */
export function painter(mode: string, isTTY: boolean): Painter {
  const noColor = process.env['NO_COLOR'];
  const colored =
    mode === 'always' || (mode !== 'never' && isTTY && (noColor === undefined || noColor === ''));
  return colored ? coloring() : PLAIN;
}

const same = (text: string): string => text;
const PLAIN: Painter = { colored: false, red: same, green: same, yellow: same, bold: same, dim: same };

/** With the sixteen colours that every terminal has, and that people have chosen for theirs. */
function coloring(): Painter {
  const chalk = new Chalk({ level: 1 });
  // Of one argument each: chalk would print the others that `map` passes.
  return {
    colored: true,
    red: (text) => chalk.red(text),
    green: (text) => chalk.green(text),
    yellow: (text) => chalk.yellow(text),
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
  };
}
