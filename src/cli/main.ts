/** The long way round: oclif whole, for help, topics, unknown commands and everything the launcher does not know. */
import { handle, run } from '@oclif/core';

export async function main(argv: string[], root: string): Promise<void> {
  try {
    await run(argv, { root });
  } catch (error) {
    await handle(error as Error);
  }
}
