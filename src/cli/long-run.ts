/**
 * What a process that is there to stay wants of V8 and of the launcher, and one that ends soon does not.
 *
 * A heap may double before it is collected whole: V8 takes a server, which allocates little, for one that need not grow,
 * and went through a hundred megabytes after each eight. The launcher (bin/tsmon.cjs) stores compiled code when a process
 * exits, which a server that is killed never does; and compiled code is good only for the switches under which it was
 * stored, so they are as they were at the start while that is done.
 */
import { setFlagsFromString } from 'node:v8';

/** In percent of what the last collection of the whole heap left. */
const HEAP_GROWING_PERCENT = 100;

/** For bin/tsmon.cjs, which listens for it. */
const SETTLED = 'settled';

export interface LongRun {
  /** What a start needs has been compiled. Later calls do nothing. */
  settled(): void;
}

export function beginLongRun(): LongRun {
  setHeapGrowth(HEAP_GROWING_PERCENT);
  let isSettled = false;
  return {
    settled() {
      if (isSettled) return;
      isSettled = true;
      setHeapGrowth(0);
      process.emit(SETTLED as never);
      setHeapGrowth(HEAP_GROWING_PERCENT);
    },
  };
}

/** 0 is what V8 finds right. */
function setHeapGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
