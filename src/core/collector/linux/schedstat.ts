/** Scheduler statistics of each CPU. Format: https://docs.kernel.org/scheduler/sched-stats.html */
import type { Collector } from '../collector.ts';
import { parseNumber, readTextIfAny } from '../files.ts';

/** Positions in a `cpuN` row, which starts with the CPU's name; times are in nanoseconds. */
const RUNNING = 7;
const WAITING = 8;
const TIMESLICES = 9;

export const schedstat: Collector = {
  name: 'schedstat',
  collect({ files }, out) {
    const file = files.proc('schedstat');
    const text = readTextIfAny(file);
    if (text === undefined) return false;
    const running = out.counter(
      'node_schedstat_running_seconds_total',
      'Number of seconds CPU spent running a process.',
      'cpu',
    );
    const waiting = out.counter(
      'node_schedstat_waiting_seconds_total',
      'Number of seconds spent by processing waiting for this CPU.',
      'cpu',
    );
    const timeslices = out.counter(
      'node_schedstat_timeslices_total',
      'Number of timeslices executed by CPU.',
      'cpu',
    );
    text.split('\n').forEach((line, i) => {
      if (!/^cpu\d/.test(line)) return;
      const fields = line.split(' ');
      const cpu = fields[0].slice(3);
      running.add(parseNumber(fields[RUNNING], file, i + 1) / 1e9, cpu);
      waiting.add(parseNumber(fields[WAITING], file, i + 1) / 1e9, cpu);
      timeslices.add(parseNumber(fields[TIMESLICES], file, i + 1), cpu);
    });
    return true;
  },
};
