import type { Metadata } from '../model/metadata.ts';

/** What `# TYPE`, `# HELP` and `# UNIT` said of a family. */
export interface Family extends Metadata {
  name: string;
}
