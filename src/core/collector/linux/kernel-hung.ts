/** Tasks that the kernel found hanging for minutes, since kernel 6.13. */
import type { Collector } from '../collector.ts';
import { parseNumber, readTextIfAny } from '../files.ts';

export const kernelHung: Collector = {
  name: 'kernel_hung',
  collect({ files }, out) {
    const file = files.proc('sys/kernel/hung_task_detect_count');
    const text = readTextIfAny(file);
    if (text === undefined) return false;
    out
      .counter(
        'node_kernel_hung_tasks_total',
        'Total number of tasks that have been detected as hung since the system booted.',
      )
      .add(parseNumber(text.trim(), file));
    return true;
  },
};
