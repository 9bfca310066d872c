/** What a configuration asks for and this server does not do: said at every load, rather than left out in silence. */
import type { Config } from '../../config/index.ts';

export function unheededSettings(config: Config): string[] {
  const { remoteWrite, remoteRead, tracing } = config;
  const unheeded: string[] = [];
  const say = (asked: boolean, what: string) => {
    if (asked) unheeded.push(`${what} is read and checked, but has no effect in this version`);
  };
  say(remoteWrite.length > 0, 'remote_write');
  say(remoteRead.length > 0, 'remote_read');
  say(tracing.endpoint !== '', 'tracing');
  return unheeded;
}

/** What a reload changes that takes effect at the next start only. */
export function lateSettings(before: Config, after: Config): string[] {
  const late: string[] = [];
  const differ = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
  if (differ(before.storage, after.storage)) late.push('storage');
  return late.map((what) => `the change of ${what} takes effect at the next start`);
}
