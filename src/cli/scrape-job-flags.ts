/** Which jobs of which prometheus.yml a command is about. */
import { Flags } from '@oclif/core';

export const DEFAULT_CONFIG = 'prometheus.yml';

export const jobFlags = {
  config: Flags.string({
    char: 'c',
    description: `The configuration whose jobs are meant (default $TSMON_CONFIG, else ${DEFAULT_CONFIG})`,
    helpValue: 'FILE',
    helpGroup: 'CONFIG',
  }),
  'scrape-job': Flags.string({
    description: 'Only the job with this name; repeat for several',
    helpValue: 'NAME',
    helpGroup: 'CONFIG',
    multiple: true,
    multipleNonGreedy: true,
  }),
};
