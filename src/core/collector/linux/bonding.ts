/** Bonding interfaces: how many slaves are configured, and how many carry traffic. */

import { attribute } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import { readTextIfAny, words } from '../files.ts';

export const bonding: Collector = {
  name: 'bonding',
  collect({ files }, out) {
    const masters = readTextIfAny(files.sys('class/net/bonding_masters'));
    if (masters === undefined) return false;
    const configured = out.gauge(
      'node_bonding_slaves',
      'Number of configured slaves per bonding interface.',
      'master',
    );
    const active = out.gauge(
      'node_bonding_active',
      'Number of active slaves per bonding interface.',
      'master',
    );
    for (const master of words(masters)) {
      const slaves = words(attribute(files.sys(`class/net/${master}/bonding/slaves`)) ?? '');
      let up = 0;
      for (const slave of slaves) {
        const folder = files.sys(`class/net/${master}/lower_${slave}`);
        // Kernels before 3.18 have `slave_<name>` links in place of `lower_<name>`.
        const state =
          attribute(`${folder}/bonding_slave/mii_status`) ??
          attribute(files.sys(`class/net/${master}/slave_${slave}/bonding_slave/mii_status`));
        if (state === 'up') up++;
      }
      configured.add(slaves.length, master);
      active.add(up, master);
    }
    return true;
  },
};
