/**
 * The heavy work of a database: functions over directories, whose arguments and results can be posted to a worker and
 * back. The thread that owns the database only says what is to be done, and looks at the result.
 *
 * A worker calls `startTask` and runs its steps at a stretch; `inlineTasks` runs them where it is called, with pauses.
 */
import { join } from 'node:path';
import { Matcher, type MatchType } from '../../model/index.ts';
import type { BlockMeta } from '../block/index.ts';
import { compactBlocks, runStepsWithPauses } from '../compaction/index.ts';
import { type BlockImage, blockFromImage, type HeadBlockRange } from '../head/index.ts';
import { RefIndex, writeCheckpoint } from '../wal/index.ts';
import { deleteFromBlock } from './deletion.ts';

/** A matcher in a form that can be posted. */
export type PlainMatcher = readonly [MatchType, name: string, value: string];

export interface TaskTypes {
  /** Writes a block of what came in order. */
  headBlock: {
    input: { dir: string; into: string; image: BlockImage; range: HeadBlockRange };
    result: BlockMeta | undefined;
  };
  /** Writes blocks of what came out of order, one for each of the ranges that has any. */
  lateBlocks: {
    input: {
      dir: string;
      into: string;
      image: BlockImage;
      ranges: readonly (readonly [mint: number, maxt: number])[];
      nowMs: number;
    };
    result: BlockMeta[];
  };
  /** Writes one block of several, which stay. */
  compact: {
    input: { dir: string; ulids: string[]; nowMs: number; evenEmpty: boolean };
    result: BlockMeta | undefined;
  };
  /** Replaces the segments of a log up to `segment` by a checkpoint. */
  checkpoint: {
    input: {
      log: string;
      segment: number;
      mint: number;
      /** Series whose records are kept. */
      refs: Float64Array;
      compression: 'none' | 'snappy';
    };
    result: undefined;
  };
  /** Notes what is deleted of a block. The result is the number of series that had something to delete. */
  deleteFromBlock: {
    input: { dir: string; matchers: PlainMatcher[]; mint: number; maxt: number };
    result: number;
  };
}

export type TaskKind = keyof TaskTypes;

/** `code` of the error with which a task ends whose thread is gone. It may have left unfinished files. */
export const WORKER_ENDED = 'worker_ended';

export interface TaskRunner {
  /**
   * `input` must not be used afterwards: its arrays may have gone to another thread. Rejects with what the task
   * throws. An error that comes from a worker keeps its `code`.
   */
  run<K extends TaskKind>(kind: K, input: TaskTypes[K]['input']): Promise<TaskTypes[K]['result']>;
}

/** Runs tasks in this thread. */
export const inlineTasks: TaskRunner = {
  run: (kind, input) => runStepsWithPauses(startTask(kind, input)),
};

/** The task as a generator that yields every few milliseconds. Ended early it leaves nothing behind. */
export function startTask<K extends TaskKind>(
  kind: K,
  input: TaskTypes[K]['input'],
): Generator<void, TaskTypes[K]['result']> {
  const start: (input: TaskTypes[K]['input']) => Generator<void, TaskTypes[K]['result']> = TASKS[kind];
  return start(input);
}

const TASKS: {
  [K in TaskKind]: (input: TaskTypes[K]['input']) => Generator<void, TaskTypes[K]['result']>;
} = {
  headBlock: ({ dir, into, image, range }) => blockFromImage(dir, into, image, range),

  *lateBlocks({ dir, into, image, ranges, nowMs }) {
    const written: BlockMeta[] = [];
    for (const [mint, maxt] of ranges) {
      const range = { mint, maxt, nowMs, late: true };
      const meta = yield* blockFromImage(dir, into, image, range);
      if (meta !== undefined) written.push(meta);
    }
    return written;
  },

  compact: ({ dir, ulids, nowMs, evenEmpty }) =>
    compactBlocks(
      dir,
      ulids.map((ulid) => join(dir, ulid)),
      { nowMs, evenEmpty },
    ),

  *checkpoint({ log, segment, mint, refs, compression }) {
    const kept = new RefIndex();
    for (let i = 0; i < refs.length; i++) kept.set(refs[i], 1);
    writeCheckpoint(log, { segment, mint, compression, keep: (ref) => kept.get(ref) > 0 });
    return undefined;
  },

  deleteFromBlock: ({ dir, matchers, mint, maxt }) =>
    deleteFromBlock(
      dir,
      matchers.map(([type, name, value]) => new Matcher(type, name, value)),
      mint,
      maxt,
    ),
};
