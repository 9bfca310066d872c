/** How many columns of a terminal a text takes, and texts cut to a number of them. */

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

/** As much of `text` as fits, with `…` at the end where something was cut. Control characters become spaces. */
export function clip(text: string, width: number): string {
  const shown = PLAIN.test(text) ? text : text.replaceAll(/\p{Cc}/gu, ' ');
  if (displayWidth(shown) <= width) return shown;
  if (width < 1) return '';
  let out = '';
  let used = 1;
  for (const c of shown) {
    used += widthOf(c);
    if (used > width) break;
    out += c;
  }
  return `${out}…`;
}

function widthOf(c: string): number {
  if (MARK.test(c)) return 0;
  return WIDE.test(c) ? 2 : 1;
}
