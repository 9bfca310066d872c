/**
 * Writes man/*.1 from the command classes, by way of oclif.manifest.json: `npm run man`. With --check it writes
 * nothing and fails when a page is stale (test/man.test.ts does the same).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manPages } from './man-pages.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manDir = join(root, 'man');
const pages = manPages(root);
const check = process.argv.includes('--check');

mkdirSync(manDir, { recursive: true });
const present = readdirSync(manDir).filter((file) => file.endsWith('.1'));
const surplus = present.filter((file) => !pages.has(file));
const stale = [...pages].filter(([file, text]) => {
  const path = join(manDir, file);
  return !existsSync(path) || readFileSync(path, 'utf8') !== text;
});

if (check) {
  for (const file of [...stale.map(([name]) => name), ...surplus])
    process.stderr.write(`stale: man/${file}\n`);
  process.exitCode = stale.length + surplus.length === 0 ? 0 : 1;
} else {
  for (const file of surplus) rmSync(join(manDir, file));
  for (const [file, text] of stale) writeFileSync(join(manDir, file), text);
}
