/** How expected alerts differ from those that there are, in the colours and with the indentation of `promtool test rules --diff`. */
import type { AlertTexts } from '../core/rules/unit-test-failure.ts';

/** An alert in JSON. */
interface Document {
  Annotations: Readonly<Record<string, string>>;
  Labels: Readonly<Record<string, string>>;
}

type Paint = (text: string) => string;

const paintWith =
  (colour: number): Paint =>
  (text) =>
    `\x1b[0;${colour}m${text}\x1b[0m`;
const missing = paintWith(31);
const added = paintWith(32);
const changed = paintWith(33);

const ELEMENT = ' '.repeat(16);
const SECTION = ' '.repeat(20);
const ENTRY = ' '.repeat(24);
const EMPTY: Document = { Annotations: {}, Labels: {} };

/** Both in the order in which they are to be compared. */
export function alertDiff(expected: readonly AlertTexts[], got: readonly AlertTexts[]): string[] {
  const wanted = documents(expected);
  const present = documents(got);
  const count = Math.max(wanted.length, present.length);
  const lines = ['        diff: ['];
  for (let i = 0; i < count; i++) {
    const end = i < count - 1 ? ',' : '';
    if (i >= wanted.length) lines.push(...wholeLines(present[i], added, end));
    else if (i >= present.length) lines.push(...wholeLines(wanted[i], missing, end));
    else lines.push(...comparedLines(wanted[i], present[i], end));
  }
  lines.push('            ]');
  return lines;
}

/** Where there are none, one that is empty takes their place, as in promtool. */
function documents(alerts: readonly AlertTexts[]): Document[] {
  if (alerts.length === 0) return [EMPTY];
  return alerts.map(({ labels, annotations }) => ({
    Annotations: Object.fromEntries(annotations),
    Labels: labels.toObject(),
  }));
}

/** An alert that only one side has. */
function wholeLines(document: Document, paint: Paint, end: string): string[] {
  const [first, ...rest] = JSON.stringify(document, null, 4).split('\n');
  const last = rest.pop()!;
  return [
    ELEMENT + paint(first),
    ...rest.map((line) => {
      const text = line.trimStart();
      return ELEMENT + ' '.repeat(line.length - text.length) + paint(text);
    }),
    ELEMENT + paint(last) + end,
  ];
}

function comparedLines(wanted: Document, present: Document, end: string): string[] {
  return [
    `${ELEMENT}{`,
    ...sectionLines('Annotations', wanted.Annotations, present.Annotations, ','),
    ...sectionLines('Labels', wanted.Labels, present.Labels, ''),
    `${ELEMENT}}${end}`,
  ];
}

function sectionLines(
  name: string,
  wanted: Readonly<Record<string, string>>,
  present: Readonly<Record<string, string>>,
  end: string,
): string[] {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(present)])].sort();
  if (keys.length === 0) return [`${SECTION}"${name}": {}${end}`];
  const entries = keys.map((key, i) => {
    const [before, after] = [wanted[key], present[key]];
    const label = `${JSON.stringify(key)}: `;
    let text = label + JSON.stringify(before ?? after);
    if (before === undefined) text = added(text);
    else if (after === undefined) text = missing(text);
    else if (before !== after)
      text = label + changed(`${JSON.stringify(before)} => ${JSON.stringify(after)}`);
    return `${ENTRY}${text}${i < keys.length - 1 ? ',' : ''}`;
  });
  return [`${SECTION}"${name}": {`, ...entries, `${SECTION}}${end}`];
}
