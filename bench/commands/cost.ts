/** Whole processes by turns, and what they cost, for the benchmarks of commands. */
import { spawnSync } from 'node:child_process';

/** Of one process and its children, ms. */
export interface Cost {
  wallMs: number;
  cpuMs: number;
}

/** Runs a program with the output going into a pipe, as bash's `time` (to a millisecond). Throws where it fails. */
export function run(command: readonly string[], input = ''): Cost {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  // In a group of its own the time is the program's alone, not that of what reads the pipe.
  const script = `set -o pipefail; TIMEFORMAT='%3R %3U %3S'; { time ${quoted}; } | cat > /dev/null`;
  const { status, stderr } = spawnSync('bash', ['-c', script], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const [wall, user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 };
}

/** Prints least and median of each side; the first round, which writes the code caches, is not counted. */
export function compare(title: string, runs: number, sides: Record<string, () => Cost>): void {
  const costs = Object.entries(sides).map(([name, side]) => ({ name, side, all: [] as Cost[] }));
  for (let i = -1; i < runs; i++) {
    for (const { side, all } of costs) {
      const cost = side();
      if (i >= 0) all.push(cost);
    }
  }
  console.log(title);
  for (const { name, all } of costs) {
    const wall = all.map(({ wallMs }) => wallMs).sort((a, b) => a - b);
    const cpu = all.map(({ cpuMs }) => cpuMs).sort((a, b) => a - b);
    console.log(`  ${name.padEnd(22)} wall ${leastAndMedian(wall)}   cpu ${leastAndMedian(cpu)}`);
  }
}

function leastAndMedian(sorted: readonly number[]): string {
  const [least, median] = [sorted[0], sorted[sorted.length >> 1]];
  return `min ${least.toFixed(0).padStart(5)} ms  p50 ${median.toFixed(0).padStart(5)} ms`;
}
