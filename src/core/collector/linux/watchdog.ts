/** Hardware watchdogs, from /sys/class/watchdog/. https://docs.kernel.org/watchdog/watchdog-api.html */

import { Attributes } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import { listFolder } from '../files.ts';

/** Attribute -> family without `node_watchdog_`. */
const NUMBERS = {
  bootstatus: 'bootstatus',
  fw_version: 'fw_version',
  nowayout: 'nowayout',
  timeleft: 'timeleft_seconds',
  timeout: 'timeout_seconds',
  pretimeout: 'pretimeout_seconds',
  access_cs0: 'access_cs0',
};
const INFO_LABELS = ['options', 'identity', 'state', 'status', 'pretimeout_governor'];

export const watchdog: Collector = {
  name: 'watchdog',
  collect({ files }, out) {
    const root = files.sys('class/watchdog');
    const names = listFolder(root);
    if (names === undefined) return false;
    for (const name of names) {
      const attributes = Attributes.in(`${root}/${name}`);
      if (attributes === undefined) continue;
      for (const [file, family] of Object.entries(NUMBERS)) {
        const v = attributes.number(file);
        if (v === undefined) continue;
        out
          .gauge(`node_watchdog_${family}`, `Value of /sys/class/watchdog/<watchdog>/${file}`, 'name')
          .add(v, name);
      }
      out
        .gauge('node_watchdog_info', 'Info of /sys/class/watchdog/<watchdog>', 'name', ...INFO_LABELS)
        .add(1, name, ...INFO_LABELS.map((label) => attributes.text(label)));
    }
    return true;
  },
};
