/**
 * Opens what --from names: data directories, blocks, exposition from files or stdin, and servers, several of them
 * merged. A part that is not named is not loaded.
 */
import { existsSync } from 'node:fs';
import { type Clock, systemClock } from '../core/clock.ts';
import { type CorruptionError, InputError } from '../core/errors.ts';
import { DirectorySource, isDataDirectory } from '../core/source/directory.ts';
import { mergeSources } from '../core/source/merge.ts';
import type { Source } from '../core/source/source.ts';
import { DEFAULT_DATA_DIR } from './flags.ts';
import { inputName, pieces } from './input.ts';

export interface SourceOptions {
  /** Told of what is damaged; the rest is read. */
  onDamage: (error: CorruptionError) => void;
  /** Gives samples without a time one. */
  clock?: Clock;
}

export async function openSources(from: readonly string[], options: SourceOptions): Promise<Source> {
  const sources: Source[] = [];
  try {
    for (const name of from) sources.push(await openSource(name, options));
  } catch (error) {
    for (const source of sources) await source.close();
    throw error;
  }
  return mergeSources(sources);
}

async function openSource(name: string, options: SourceOptions): Promise<Source> {
  if (name === '-' || (existsSync(name) && !isDataDirectory(name))) return openExposition(name, options);
  if (!existsSync(name)) throw notFound(name);
  return new DirectorySource(name, { onDamage: options.onDamage });
}

async function openExposition(name: string, { clock = systemClock }: SourceOptions): Promise<Source> {
  const [{ MemorySource }, { readExposition }] = await Promise.all([
    import('../core/source/memory.ts'),
    import('../core/source/exposition.ts'),
  ]);
  const source = new MemorySource();
  try {
    readExposition(pieces(name), source, clock);
  } catch (error) {
    throw error instanceof InputError ? error.in({ file: inputName(name) }) : error;
  }
  return source;
}

function notFound(name: string): InputError {
  if (name !== DEFAULT_DATA_DIR)
    return new InputError('not_found', 'no such file or directory', { file: name });
  return new InputError(
    'not_found',
    'there is no data/ here: name a data directory, a file, - or a URL with --from or $TSMON_DATA',
  );
}
