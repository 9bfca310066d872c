/**
 * The few colours that lines on stderr need. Commands that draw more (tables, graphs) load chalk; an error message
 * should not have to.
 */
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
  const style = (open: number, close: number) => (text: string) =>
    colored ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    colored,
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
    bold: style(1, 22),
    dim: style(2, 22),
  };
}
