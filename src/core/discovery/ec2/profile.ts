/**
 * The files that Amazon's tools keep credentials and settings in.
 * See https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;
type Profile = ReadonlyMap<string, string>;

/** All settings of a profile, those of the credentials file first; undefined where neither file has it. */
export async function readProfile(env: Environment, name: string): Promise<Profile | undefined> {
  const home = join(env['HOME'] || homedir(), '.aws');
  const config = await readSections(env['AWS_CONFIG_FILE'] || join(home, 'config'));
  const credentials = await readSections(env['AWS_SHARED_CREDENTIALS_FILE'] || join(home, 'credentials'));
  const found = [config.get(name === 'default' ? name : `profile ${name}`), credentials.get(name)];
  if (found.every((section) => section === undefined)) return undefined;
  return new Map(found.flatMap((section) => [...(section ?? [])]));
}

export function profileName(env: Environment, given: string): string {
  return given || env['AWS_PROFILE'] || 'default';
}

async function readSections(path: string): Promise<Map<string, Map<string, string>>> {
  const sections = new Map<string, Map<string, string>>();
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    // Most machines have neither file.
    return sections;
  }
  let section: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const head = /^\s*\[\s*(.*?)\s*\]/.exec(line);
    const setting = /^([^\s#;=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    if (head !== null) {
      section = sections.get(head[1]) ?? new Map();
      sections.set(head[1], section);
    } else if (setting !== null) section?.set(setting[1].toLowerCase(), setting[2]);
  }
  return sections;
}
