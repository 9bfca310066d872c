/** InfiniBand and RoCE ports, from /sys/class/infiniband/<device>/ports/<port>/. */

import { Attributes, attribute, numericAttribute } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import type { Families } from '../families.ts';
import { listFolder, malformed } from '../files.ts';
import {
  COUNTERS,
  HARDWARE_COUNTERS,
  isInWords,
  LEGACY_COUNTERS,
  type PortCounter,
} from './infiniband-counters.ts';

const WORD_OCTETS = 4;
const OCTETS_PER_GIGABIT = 125e6;
const STATES = '(0: no change, 1: down, 2: init, 3: armed, 4: active, 5: act defer)';
const PHYSICAL_STATES =
  '(0: no change, 1: sleep, 2: polling, 3: disable, 4: shift, 5: link up, 6: link error recover, 7: phytest)';

export const infiniband: Collector = {
  name: 'infiniband',
  collect({ files }, out) {
    const devices = listFolder(files.sys('class/infiniband'));
    if (devices === undefined) return false;
    for (const device of devices) {
      const folder = files.sys(`class/infiniband/${device}`);
      out
        .gauge(
          'node_infiniband_info',
          'Non-numeric data from /sys/class/infiniband/<device>, value is always 1.',
          ...['device', 'board_id', 'firmware_version', 'hca_type'],
        )
        .add(
          1,
          device,
          attribute(`${folder}/board_id`) ?? '',
          attribute(`${folder}/fw_ver`) ?? '',
          attribute(`${folder}/hca_type`) ?? '',
        );
      for (const port of listFolder(`${folder}/ports`) ?? []) {
        collectPort(out, `${folder}/ports/${port}`, device, port);
      }
    }
    return true;
  },
};

function collectPort(out: Families, folder: string, device: string, port: string): void {
  const gauge = (name: string, help: string) => out.gauge(`node_infiniband_${name}`, help, 'device', 'port');
  gauge('state_id', `State of the InfiniBand port ${STATES}`).add(
    leadingNumber(`${folder}/state`),
    device,
    port,
  );
  gauge('physical_state_id', `Physical state of the InfiniBand port ${PHYSICAL_STATES}`).add(
    leadingNumber(`${folder}/phys_state`),
    device,
    port,
  );
  // `40 Gb/sec (4X QDR)`
  gauge('rate_bytes_per_second', 'Maximum signal transfer rate').add(
    leadingNumber(`${folder}/rate`) * OCTETS_PER_GIGABIT,
    device,
    port,
  );

  collectCounters(out, `${folder}/counters`, COUNTERS, device, port);
  collectCounters(out, `${folder}/counters_ext`, LEGACY_COUNTERS, device, port);
  collectCounters(out, `${folder}/hw_counters`, HARDWARE_COUNTERS, device, port);
  const lifespanMs = numericAttribute(`${folder}/hw_counters/lifespan`);
  if (lifespanMs === undefined) return;
  gauge(
    'lifespan_seconds',
    'The maximum period in ms which defines the aging of the counter reads. Two consecutive reads within this period might return the same values.',
  ).add(Math.floor(lifespanMs / 1000), device, port);
}

function collectCounters(
  out: Families,
  folder: string,
  counters: readonly PortCounter[],
  device: string,
  port: string,
): void {
  const attributes = Attributes.in(folder);
  for (const [file, name, help] of counters) {
    // Ports without a performance agent say `N/A (no PMA)`.
    const v = attributes?.number(file);
    if (v === undefined) continue;
    out
      .counter(`node_infiniband_${name}`, help, 'device', 'port')
      .add(isInWords(file) ? v * WORD_OCTETS : v, device, port);
  }
}

/** `4: ACTIVE` is 4. */
function leadingNumber(file: string): number {
  const text = attribute(file);
  const v = Number.parseFloat(text ?? '');
  if (Number.isNaN(v)) throw malformed(`expected a number, got ${JSON.stringify(text ?? '')}`, file);
  return v;
}
