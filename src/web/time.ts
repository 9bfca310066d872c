/** Times and durations as people read and write them. Milliseconds inside. */

const UNITS: [string, number][] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/** `1h30m`; NaN for anything else. */
export function parseDuration(text: string): number {
  const match = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(
    text.trim(),
  );
  if (match === null || text.trim() === '') return Number.NaN;
  return UNITS.reduce((sum, [, length], i) => sum + Number(match[i + 1] ?? 0) * length, 0);
}

export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  let text = '';
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    if (count > 0 && unit !== 'w') {
      text += `${count}${unit}`;
      rest -= count * length;
    }
  }
  return text === '' ? '0s' : text;
}

/** `3.2s ago`, `never`. */
export function ago(time: string): string {
  const at = Date.parse(time);
  if (!(at > 0)) return 'never';
  const ms = Math.max(0, Date.now() - at);
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)}s ago` : `${formatDuration(ms - (ms % 1000))} ago`;
}

export function seconds(value: number): string {
  return value < 1 ? `${(value * 1000).toFixed(1)}ms` : `${value.toFixed(2)}s`;
}
