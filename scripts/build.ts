import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

// Builds the package that a device installs: the same tree as the checkout, with plain .js in the place of .ts.
// Nothing is left to do at install: no compiler, no script, no download beyond the dependencies.
// Usage: node scripts/build.ts [folder], default dist.

const root = resolve(import.meta.dirname, '..');
const target = resolve(process.argv[2] ?? join(root, 'dist'));

rmSync(target, { recursive: true, force: true });
compile();
copy(assets(), { optional: false });
copy(['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md'], { optional: true });
copy(
  [
    'config/limen.yaml',
    'config/limen.test.yaml',
    'config/limen.schema.json',
    'config/limen-test.schema.json',
    'config/README.md',
    'config/examples',
  ],
  { optional: true },
);
chmodSync(join(target, 'src/limen'), 0o755);
writeManifest();
console.log(`built ${target}`);

function compile(): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const project = join(root, 'scripts/tsconfig.build.json');
  execFileSync(process.execPath, [tsc, '-p', project, '--outDir', target], { stdio: 'inherit' });
}

// What the code reads beside itself, and what somebody who wires a board reads: the launcher, the sketch, the protocol.
function assets(): string[] {
  return globSync(['src/**', 'firmware-bridge/**'], { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !/^src\/.*\.md$/.test(path));
}

function copy(paths: readonly string[], { optional }: { optional: boolean }): void {
  for (const path of paths) {
    if (optional && !existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(root, path), join(target, path), { recursive: true });
  }
}

// `npm install` of the package must see the dependencies and nothing that only a checkout can run.
function writeManifest(): void {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const kept = { ...(manifest as Record<string, unknown>), scripts: undefined };
  const text = JSON.stringify({ ...kept, devDependencies: undefined }, undefined, 2);
  writeFileSync(join(target, 'package.json'), `${text}\n`);
}
