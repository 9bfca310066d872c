import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
// @ts-expect-error a build script, plain JavaScript without types
import { manPages } from '../scripts/man-pages.mjs';
import { root } from './cli.ts';

const pages: Map<string, string> = manPages(root);

describe('man pages', () => {
  it.each([...pages.keys()])('%s says what the command class says (renew with: npm run man)', (file) => {
    const path = join(root, 'man', file);
    expect(existsSync(path), `${file} is missing`).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(pages.get(file));
  });

  it('has no page without a command', () => {
    const files = readdirSync(join(root, 'man')).filter((file) => file.endsWith('.1'));
    expect(files.filter((file) => !pages.has(file))).toEqual([]);
  });
});

describe('help', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8'));
  it.each(Object.keys(manifest.commands))('%s has a summary, a description and an example', (id) => {
    const command = manifest.commands[id];
    expect(command.summary).toBeTruthy();
    expect(command.description).toBeTruthy();
    expect(command.examples?.length).toBeGreaterThan(0);
  });
});
