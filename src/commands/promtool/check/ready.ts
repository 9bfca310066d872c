import { PromtoolStatus, statusFlags } from '../../../cli/promtool-status.ts';

export default class PromtoolCheckReady extends PromtoolStatus {
  static override summary = 'promtool check ready: is a server ready?';
  static override description =
    'What promtool prints, and its exit status: 0 the server is ready, 1 it is not, or does not answer.';

  static override examples = [
    {
      description: 'A server',
      command: '<%= config.bin %> promtool check ready --url http://localhost:9090',
    },
  ];

  static override flags = statusFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(PromtoolCheckReady);
    await this.askStatus(flags, 'ready');
  }
}
