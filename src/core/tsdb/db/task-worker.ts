/**
 * The worker of worker-tasks.ts, an entry of its own: does one task after another, each at a stretch, since nobody
 * else waits in this thread.
 */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { runSteps } from '../compaction/index.ts';
import { faultOf, type TaskReply, type TaskRequest } from './task-messages.ts';
import { startTask } from './tasks.ts';

/** As `nice` has it. */
const PRIORITY = 10;

letOthersFirst();

parentPort!.on('message', ({ id, kind, input }: TaskRequest) => {
  let reply: TaskReply;
  try {
    reply = { id, result: runSteps(startTask(kind, input)) };
  } catch (error) {
    reply = { id, fault: faultOf(error) };
  }
  parentPort!.postMessage(reply);
});

/** Nobody waits for a block: where processors are short, they are for those who scrape and answer. */
function letOthersFirst(): void {
  try {
    // Linux takes the number of a thread for that of a process; elsewhere this file is not there.
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), PRIORITY);
  } catch {
    // Then it is as important as all.
  }
}
