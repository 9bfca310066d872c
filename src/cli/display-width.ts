/** How many columns of a terminal a text takes, and texts cut, filled and broken by that measure. */

/** East Asian wide and emoji ranges take two columns, combining marks none; enough for label values. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const MARK = /\p{Mn}|\p{Me}|\p{Cf}/u;
const PLAIN = /^[\x20-\x7e]*$/;

export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const c of text) width += widthOf(c);
  return width;
}

/** Control characters as spaces: a label's value must not move the cursor. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll(/\p{Cc}/gu, ' ');
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** As much of `text` as fits, with `…` at the end where something was cut. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  return width < 1 ? '' : `${text.slice(0, fitting(text, width - 1))}…`;
}

/** `text` in lines of at most `width`, broken behind a space, a comma or a `{` where there is one. At least one line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = printable(text);
  while (displayWidth(rest) > width) {
    const most = Math.max(1, fitting(rest, width));
    const gap = Math.max(
      rest.lastIndexOf(' ', most),
      ...[',', '{'].map((c) => rest.lastIndexOf(c, most - 1) + 1),
    );
    const at = gap > most / 3 ? gap : most;
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  lines.push(rest);
  return lines;
}

/** How many UTF-16 units of `text` take at most `width` columns. */
function fitting(text: string, width: number): number {
  let used = 0;
  let length = 0;
  for (const c of text) {
    used += widthOf(c);
    if (used > width) break;
    length += c.length;
  }
  return length;
}

function widthOf(c: string): number {
  if (MARK.test(c)) return 0;
  return WIDE.test(c) ? 2 : 1;
}
