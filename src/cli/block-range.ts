/** --max-block-duration of the commands that write blocks. */
import { Flags } from '@oclif/core';
import { InputError } from '../core/errors.ts';
import { parseDuration } from '../core/model/duration.ts';
import { blockRanges, MIN_BLOCK_RANGE } from '../core/tsdb/compaction/index.ts';

export const maxBlockDurationFlag = (duration: string) =>
  Flags.string({
    description: 'The longest blocks to write; 2h, 6h, 18h and so on make sense',
    helpValue: 'DURATION',
    default: duration,
  });

/** The length of blocks, ms: the longest that compaction makes and that is not longer than what the flag says. */
export function blockRangeOf(duration: string): number {
  const ms = parseDuration(duration);
  if (ms < MIN_BLOCK_RANGE) {
    throw new InputError('bad_duration', '--max-block-duration must be at least 2h');
  }
  return blockRanges(ms).at(-1)!;
}
