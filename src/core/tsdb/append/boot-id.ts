/**
 * Which run of this machine's kernel this is. What a process wrote before it was killed is in the kernel and
 * therefore there; after a power failure only what was synced is, in no particular order. So a file that was never
 * synced can be relied on within one boot, and is worthless after it.
 */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** The same string for as long as the machine runs, and another after a reboot. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    // Elsewhere the time of boot has to do. It moves when the clock is set, and then all that is lost is time.
    return `booted ${Math.round((Date.now() / 1000 - uptime()) / 10) * 10}`;
  }
}
