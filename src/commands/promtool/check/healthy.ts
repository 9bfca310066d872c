import { PromtoolStatus, statusFlags } from '../../../cli/promtool-status.ts';

export default class PromtoolCheckHealthy extends PromtoolStatus {
  static override summary = 'promtool check healthy: is a server healthy?';
  static override description =
    'What promtool prints, and its exit status: 0 the server is healthy, 1 it is not, or does not answer.';

  static override examples = [
    {
      description: 'A server',
      command: '<%= config.bin %> promtool check healthy --url http://localhost:9090',
    },
  ];

  static override flags = statusFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(PromtoolCheckHealthy);
    await this.askStatus(flags, 'healthy');
  }
}
