/** The server as a whole. */
export { Daemon, type DaemonHost } from './daemon.ts';
export { openDaemonHost } from './host.ts';
export type { DaemonSettings, ListenAddress } from './settings.ts';
