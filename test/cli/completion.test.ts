import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CommandManifest, complete } from '../../src/cli/completion/complete.ts';
import { launcher, tsmon } from '../cli.ts';

const manifest: CommandManifest = {
  topics: { tsdb: { description: 'Look after data' } },
  commands: {
    query: {
      summary: 'Ask',
      args: { expr: {} },
      flags: {
        output: { name: 'output', char: 'o', type: 'option', options: ['table', 'json', 'jsonl'] },
        from: { name: 'from', type: 'option', multiple: true, summary: 'Where from' },
        quiet: { name: 'quiet', type: 'boolean', summary: 'Say less' },
        secret: { name: 'secret', type: 'boolean', hidden: true },
      },
    },
    'query:labels': { summary: 'Label names', args: {}, flags: {} },
    'tsdb:append': { summary: 'Append', args: { file: {} }, flags: {} },
    'tsdb:analyze': { summary: 'Analyze', args: {}, flags: {} },
    completion: { summary: 'Shell', args: { shell: { options: ['bash', 'zsh'] } }, flags: {} },
    hushed: { hidden: true, args: {}, flags: {} },
  },
};

const words = (...line: string[]) => complete(manifest, line).candidates.map(({ word }) => word);

describe('what may come next', () => {
  it('offers commands and topics, not the hidden ones', () => {
    expect(complete(manifest, [''])).toEqual({
      candidates: [
        { word: 'completion', description: 'Shell' },
        { word: 'query', description: 'Ask' },
        { word: 'tsdb', description: 'Look after data' },
      ],
      files: false,
    });
  });

  it('offers what is below a topic', () => {
    expect(words('tsdb', 'a')).toEqual(['analyze', 'append']);
    expect(words('tsdb', 'ap')).toEqual(['append']);
  });

  it('offers subcommands and files where a command takes arguments, and only files after the first one', () => {
    expect(words('query', '')).toEqual(['labels']);
    expect(complete(manifest, ['query', 'up', ''])).toEqual({ candidates: [], files: true });
  });

  it('offers flags that may still be given', () => {
    expect(words('query', '-')).toEqual(['--from', '--help', '--output', '--quiet']);
    expect(words('query', '--quiet', '--from', 'a', '--')).toEqual(['--from', '--help', '--output']);
    expect(words('query', '-o', 'json', '--o')).toEqual([]);
  });

  it('offers the values of a flag in all its spellings', () => {
    expect(words('query', '--output', 'js')).toEqual(['json', 'jsonl']);
    expect(words('query', '-o', '')).toEqual(['table', 'json', 'jsonl']);
    expect(words('query', '--output=t')).toEqual(['--output=table']);
    expect(complete(manifest, ['query', '--from', ''])).toEqual({ candidates: [], files: true });
  });

  it('offers the choices of an argument', () => {
    expect(complete(manifest, ['completion', ''])).toEqual({
      candidates: [
        { word: 'bash', description: '' },
        { word: 'zsh', description: '' },
      ],
      files: false,
    });
  });

  it('knows no flags after --', () => {
    expect(words('query', '--', '--q')).toEqual([]);
  });
});

describe('tsmon completion', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-completion-'));
  writeFileSync(join(dir, 'tsmon'), `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`);
  chmodSync(join(dir, 'tsmon'), 0o755);
  afterAll(() => rmSync(dir, { recursive: true }));

  it('refuses a shell that it does not know', () => {
    const { status, stderr } = tsmon(['completion', 'csh']);
    expect(status).toBe(2);
    expect(stderr).toContain('bash');
  });

  it.each([
    [['tsdb', 'app'], ['append']],
    [['query', '--output', 'gr'], ['graph']],
    [['query', '--fail-if-e'], ['--fail-if-empty']],
    [['query', '--output', '=', 'gr'], ['graph']],
    [['query', '--output', '=', 'json', 'up', '--fail-if-e'], ['--fail-if-empty']],
    [['query', '--from', '=', '/etc/host'], expect.arrayContaining(['/etc/hosts'])],
  ])('completes %j in a bash that has read its script', (line, expected) => {
    const script = `source <(tsmon completion bash)
COMP_WORDS=(tsmon ${line.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${line.length}
_tsmon; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${dir}:${process.env.PATH}` },
    });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual(expected);
  });
});
