import { Flags } from '@oclif/core';
import { httpConfigFlag, openPromtoolClient } from '../../../cli/promtool-http.ts';
import { matchesFlag, PromtoolQuery } from '../../../cli/promtool-query.ts';
import QueryAnalyze from '../../query/analyze.ts';

export default class PromtoolQueryAnalyze extends PromtoolQuery {
  static override summary = 'promtool query analyze: which buckets histograms use';
  static override description = 'What promtool prints. See also "tsmon query analyze".';

  static override examples = [
    {
      description: 'A server',
      command:
        '<%= config.bin %> promtool query analyze --server http://localhost:9090 --type histogram --match http_request_duration_seconds_bucket',
    },
  ];

  static override flags = {
    server: Flags.string({ description: 'Prometheus server to query', required: true }),
    type: Flags.string({ description: 'Type of metric: histogram', options: ['histogram'], required: true }),
    duration: Flags.string({ description: 'Time frame to analyze', default: '1h' }),
    time: Flags.string({ description: 'Query time (RFC 3339 or Unix timestamp), defaults to now' }),
    match: matchesFlag,
    'http.config.file': httpConfigFlag,
    // Of promtool's queries, which this one prints in its own way.
    format: Flags.string({ char: 'o', options: ['promql', 'json'], default: 'promql', hidden: true }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(PromtoolQueryAnalyze);
    const args = ['--from', flags.server, '--duration', flags.duration];
    if (flags.time !== undefined) args.push('--at', flags.time);
    for (const match of flags.match) args.push('--match', match);
    const analyze = new QueryAnalyze(args, this.config);
    analyze.client = openPromtoolClient({ version: this.config.version, file: flags['http.config.file'] });
    await analyze.run();
  }
}
