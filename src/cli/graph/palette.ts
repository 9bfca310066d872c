/** Colours that tell lines apart on dark and light terminals; of the 256 that nearly all have. */
const COLORS = [39, 208, 35, 199, 141, 178, 30, 160, 69, 107, 173, 97];

export function linePaint(colored: boolean): (text: string, line: number) => string {
  if (!colored) return (text) => text;
  return (text, line) => `\x1b[38;5;${COLORS[line % COLORS.length]}m${text}\x1b[39m`;
}
