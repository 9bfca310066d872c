/**
 * The worker of worker-tasks.ts, an entry of its own: does one task after another, each at a stretch, since nobody
 * else waits in this thread.
 */
import { parentPort } from 'node:worker_threads';
import { runSteps } from '../compaction/index.ts';
import { faultOf, type TaskReply, type TaskRequest } from './task-messages.ts';
import { startTask } from './tasks.ts';

parentPort!.on('message', ({ id, kind, input }: TaskRequest) => {
  let reply: TaskReply;
  try {
    reply = { id, result: runSteps(startTask(kind, input)) };
  } catch (error) {
    reply = { id, fault: faultOf(error) };
  }
  parentPort!.postMessage(reply);
});
