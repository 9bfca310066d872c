/** What the commands that read a prometheus.yml share. */
import { Flags } from '@oclif/core';

/** The file that is meant where none is named. */
export function defaultConfigFile(): string {
  return process.env['TSMON_CONFIG'] || 'prometheus.yml';
}

export const configFlags = {
  agent: Flags.boolean({
    description: 'For a server that only forwards: refuse rules, alerting and remote_read',
  }),
  'expand-env': Flags.boolean({
    description: 'Replace $NAME in every text, not only in external_labels as Prometheus does',
  }),
};
