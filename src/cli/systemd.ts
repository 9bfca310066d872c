/**
 * Tells systemd how a service fares (sd_notify(3)). Node has no datagram sockets for Unix paths, so systemd's own
 * program does it; units need NotifyAccess=all for that.
 */
import { execFile } from 'node:child_process';

/** Resolves when it is told, or cannot be. */
export function notifySystemd(state: string): Promise<void> {
  if (!process.env['NOTIFY_SOCKET']) return Promise.resolve();
  return new Promise((resolve) => {
    execFile('systemd-notify', [`--pid=${process.pid}`, state], () => resolve());
  });
}
