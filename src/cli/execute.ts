/**
 * Runs one command class without loading oclif's whole configuration: the launcher has already found the command,
 * and parsing flags needs only the few answers below. Help, topics and unknown commands take `main.ts` instead.
 */
import type { Command, Interfaces } from '@oclif/core';

type CommandClass = (new (argv: string[], config: Interfaces.Config) => Command) & { id: string };

export async function execute(
  commandClass: CommandClass,
  argv: string[],
  id: string,
  version: string,
  root: string,
): Promise<void> {
  // When nothing is left to do: without this Node would first take apart, piece by piece, what ends with the process.
  process.once('beforeExit', () => process.exit());
  commandClass.id = id;
  const command = new commandClass(argv, commandConfig(version, root));
  await (command as unknown as { _run(): Promise<unknown> })._run();
}

/** The part of oclif's Config that `Command` asks while it parses and runs. */
function commandConfig(version: string, root: string): Interfaces.Config {
  return {
    bin: 'tsmon',
    name: 'tsmon',
    version,
    root,
    userAgent: `tsmon/${version}`,
    // With ':' the parser does not look for the words of an id among the arguments: the launcher has done that.
    topicSeparator: ':',
    pjson: { oclif: {} },
    runHook: async () => ({ successes: [], failures: [] }),
    scopedEnvVarKey: (key: string) => `TSMON_${key}`,
    scopedEnvVarKeys: (key: string) => [`TSMON_${key}`],
    scopedEnvVar: (key: string) => process.env[`TSMON_${key}`],
  } as unknown as Interfaces.Config;
}
