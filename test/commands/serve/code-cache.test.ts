/** The compiled code of a server is there for the next start, also where it never ended of itself. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { directory, RunningServer } from './running.ts';

/** The stored code of the server: the number of its file, which is another when it is stored anew. */
function stored(cache: string): number {
  const builds = join(cache, 'tsmon');
  const [build] = readdirSync(builds);
  return statSync(join(builds, build, 'commands-serve-index.bin')).ino;
}

it('a server that is killed has stored its code, and the next takes it', async () => {
  const dir = directory({ 'prometheus.yml': '' });
  const cache = directory();
  const env = { XDG_CACHE_HOME: cache };
  const first = new RunningServer(dir, [], env);
  await first.url();
  const before = await vi.waitFor(() => stored(cache), { timeout: 30_000, interval: 50 });
  await first.end('SIGKILL');
  const second = new RunningServer(dir, [], env);
  await second.url();
  // Where it took nothing of it, it stores its own on the way out.
  expect(await second.end('SIGTERM')).toBe(0);
  expect(stored(cache)).toBe(before);
});
