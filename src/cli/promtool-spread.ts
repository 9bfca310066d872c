/** How numbers are spread, as promtool draws it: least, mean and greatest, and a bar for each range. */

/** Lines for `values`, whose order changes. */
export function spreadLines(title: string, values: number[]): string[] {
  if (values.length === 0) return [`${title}: N/A`, ''];
  values.sort((a, b) => a - b);
  const least = values[0];
  const greatest = values[values.length - 1];
  const { start, end, step } = rangesBetween(least, greatest);
  const counts = new Array<number>((end - start) / step).fill(0);
  let sum = 0;
  for (const value of values) {
    sum += value;
    counts[Math.floor((value - start) / step)]++;
  }
  const leftWidth = String(end).length;
  const rightWidth = String(end + step).length;
  const countWidth = String(Math.max(...counts)).length;
  const lines = counts.concat(0).map((count, i) => {
    const left = String(start + i * step + 1).padStart(leftWidth);
    const right = String(start + (i + 1) * step).padStart(rightWidth);
    const bar = '#'.repeat(Math.trunc((100 * count) / values.length));
    return `[${left}, ${right}]: ${String(count).padStart(countWidth)} ${bar}`;
  });
  const mean = Math.trunc(sum / values.length);
  return [`${title} (min/avg/max): ${least}/${mean}/${greatest}`, ...lines, ''];
}

const MOST_STEP = 10_000;

/** About ten ranges, of a power of ten each. */
function rangesBetween(least: number, greatest: number): { start: number; end: number; step: number } {
  const wanted = Math.trunc((greatest - least) / 10);
  let step = 10;
  while (step < wanted && step <= MOST_STEP) step *= 10;
  return { start: least - (least % step), end: greatest - (greatest % step) + step, step };
}
