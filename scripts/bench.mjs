/** Bundles bench/<name>.ts and runs it: `npm run bench -- exposition`. Without a name it lists what there is. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [name, ...args] = process.argv.slice(2);
const source = join(root, 'bench', `${name}.ts`);
if (name === undefined || !existsSync(source)) {
  const names = readdirSync(join(root, 'bench')).filter((file) => file.endsWith('.ts'));
  process.stderr.write(
    `usage: npm run bench -- NAME\n\n${names.map((file) => `  ${file.slice(0, -3)}`).join('\n')}\n`,
  );
  process.exit(2);
}
const outfile = join(root, 'dist', 'bench', `${name}.mjs`);
await build({
  entryPoints: [source],
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  outfile,
  logLevel: 'warning',
});
// Set, this variable costs Node 20 some 31 ms of every start, ours and the peers' alike or not at all.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
process.exit(
  spawnSync(process.execPath, ['--expose-gc', outfile, ...args], { stdio: 'inherit', env }).status ?? 1,
);
