/** Fibre Channel ports, from /sys/class/fc_host/; numbers are hexadecimal. */

import { Attributes } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import { listFolder } from '../files.ts';

const INFO_LABELS = [
  ...['speed', 'port_state', 'port_type', 'port_id', 'port_name', 'fabric_name', 'symbolic_name'],
  ...['supported_classes', 'supported_speeds', 'dev_loss_tmo'],
];
/** Shown without their 0x. */
const HEXADECIMAL_LABELS = new Set(['port_id', 'port_name', 'fabric_name']);

/** Attribute in statistics/, family without `node_fibrechannel_`, help. */
const COUNTERS = [
  ['dumped_frames', 'dumped_frames_total', 'Number of dumped frames'],
  ['error_frames', 'error_frames_total', 'Number of errors in frames'],
  ['invalid_crc_count', 'invalid_crc_total', 'Invalid Cyclic Redundancy Check count'],
  ['rx_frames', 'rx_frames_total', 'Number of frames received'],
  ['rx_words', 'rx_words_total', 'Number of words received by host port'],
  ['tx_frames', 'tx_frames_total', 'Number of frames transmitted by host port'],
  ['tx_words', 'tx_words_total', 'Number of words transmitted by host port'],
  [
    'seconds_since_last_reset',
    'seconds_since_last_reset_total',
    'Number of seconds since last host port reset',
  ],
  ['invalid_tx_word_count', 'invalid_tx_words_total', 'Number of invalid words transmitted by host port'],
  ['link_failure_count', 'link_failure_total', 'Number of times the host port link has failed'],
  [
    'loss_of_sync_count',
    'loss_of_sync_total',
    'Number of failures on either bit or transmission word boundaries',
  ],
  ['loss_of_signal_count', 'loss_of_signal_total', 'Number of times signal has been lost'],
  ['nos_count', 'nos_total', 'Number Not_Operational Primitive Sequence received by host port'],
  ['fcp_packet_aborts', 'fcp_packet_aborts_total', 'Number of aborted packets'],
] as const;

/** All bits set: the adapter's firmware does not count this. */
const NOT_COUNTED = 2 ** 64;

export const fibrechannel: Collector = {
  name: 'fibrechannel',
  collect({ files }, out) {
    const hosts = listFolder(files.sys('class/fc_host'));
    if (hosts === undefined) return false;
    for (const host of hosts) {
      const folder = files.sys(`class/fc_host/${host}`);
      const attributes = Attributes.in(folder);
      if (attributes === undefined) continue;
      const values = INFO_LABELS.map((label) => {
        const text = attributes.text(label);
        return HEXADECIMAL_LABELS.has(label) ? text.replace(/^0x/, '') : text;
      });
      out
        .gauge(
          'node_fibrechannel_info',
          'Non-numeric data from /sys/class/fc_host/<host>, value is always 1.',
          'fc_host',
          ...INFO_LABELS,
        )
        .add(1, host, ...values);
      const statistics = Attributes.in(`${folder}/statistics`);
      for (const [file, name, help] of COUNTERS) {
        const v = statistics?.number(file);
        if (v !== undefined && v !== NOT_COUNTED) {
          out.counter(`node_fibrechannel_${name}`, help, 'fc_host').add(v, host);
        }
      }
    }
    return true;
  },
};
