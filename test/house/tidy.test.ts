import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

// Who may import whom. `folder` is open; `folder:type` lends its types only (what is passed in);
// `folder/file.ts` is that one door. What is not listed here (app*.ts, main.ts, threads) wires anything.
const mayImport: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  host: ['domain'],
  codecs: ['domain'],
  rules: ['domain'],
  config: ['domain', 'codecs'],
  channel: ['domain', 'codecs', 'host:type'],
  broker: ['domain', 'host:type'],
  storage: ['domain', 'host:type'],
  'firmware-bridge': ['domain', 'host:type'],
  producers: ['domain', 'broker', 'firmware-bridge', 'host:type'],
  consumers: ['domain', 'broker', 'firmware-bridge', 'host:type'],
  // It wires the parts as app.ts does, in virtual time: see src/README.md.
  rehearsal: ['domain', 'codecs', 'rules', 'channel', 'consumers', 'storage', 'host'],
  http: ['domain', 'rules:type', 'host:type'],
  cli: ['domain', 'config', 'storage', 'http/client.ts', 'host/local-time.ts', 'host:type'],
};
const wires = new Set([
  'app.ts',
  'app-acts.ts',
  'app-api.ts',
  'app-boards.ts',
  'app-drill.ts',
  'app-history.ts',
  'app-faults.ts',
  'app-house.ts',
  'app-ports.ts',
  'app-why-not.ts',
  'app-reload.ts',
  'main.ts',
  'threads',
]);

// Each library has one home.
const homes: readonly (readonly [library: RegExp, home: string])[] = [
  [/^(?:aedes(?:-.*)?|mqemitter|mqtt|mqtt-packet|ws)$/, 'broker'],
  [/^better-sqlite3$/, 'storage'],
  [/^(?:jsep|yaml|valibot|@valibot\/.*)$/, 'config'],
  [/^(?:hono|@hono\/.*)$/, 'http'],
  [/^commander$/, 'cli'],
  [/^temporal-polyfill$/, 'host'],
  [/^(?:serialport|johnny-five|firmata-io|avr8js)$/, 'firmware-bridge'],
  [/^re2js$/, 'codecs'],
];

// Folders that touch neither the machine nor the clock: the live engine and a backtest are the same code.
const pure: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  codecs: ['node:assert', 'node:buffer'],
  rules: ['node:assert'],
};

// What source never contains, and where it may all the same.
const banned: readonly (readonly [name: string, pattern: RegExp, allowed: RegExp])[] = [
  ['any', /(?:[:<,|&]|\bas|=>)\s*any\b(?!\s*[:(])/, /^$/],
  ['enum', /\benum\s+\w+\s*\{/, /^$/],
  ['wall clock', /\bDate\.now\(|\bnew Date\(\s*\)/, /^src\/(?:host\/clock|main)\.ts$/],
  ['chance', /\bMath\.random\(/, /^src\/(?!rules\/|domain\/|codecs\/)/],
  ['non-null !', /[\w)\]]!(?=[.[(;,)\s])(?!\s*=)/, /^src\/(?:channel|rules|storage)\//],
];
const unfinished = /\b(?:FIXME|TODO|XXX)\b/;
const vagueFolder = /(?:^|\/)(?:utils?|helpers?|common|services?|managers?)(?:\/|$)/;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const files = globSync(['src/**/*.ts', 'firmware-bridge/**/*.ts'], { cwd: root }).toSorted();
const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const imports = [...texts].flatMap(([file, text]) => importsOf(file, text));
const relatives = imports.filter(({ to }) => !isPackage(to));

test('every folder imports only what design allows', () => {
  const wrong = relatives.filter((line) => {
    const [from, to] = [unitOf(line.from), unitOf(line.to)];
    if (from === to || wires.has(from)) return false;
    const allowed = mayImport[from] ?? [];
    if (allowed.includes(to) || allowed.includes(line.to.replace(/^src\//, ''))) return false;
    return !(line.isType && allowed.includes(`${to}:type`));
  });
  expect(wrong.map(lineText)).toEqual([]);
});

test('every library has one home, and pure folders use nothing of the machine', () => {
  const wrong = imports.filter(({ from, to }) => {
    if (!isPackage(to)) return false;
    const unit = unitOf(from);
    if (to.startsWith('node:')) return pure[unit] !== undefined && !pure[unit].includes(to);
    const library = /^(?:@[^/]+\/)?[^/]+/.exec(to)?.[0] ?? to;
    return homes.find(([pattern]) => pattern.test(library))?.[1] !== unit;
  });
  expect(wrong.map(lineText)).toEqual([]);
});

test('no import goes round in a circle', () => {
  const targets = Map.groupBy(relatives, ({ from }) => from);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test('source keeps the house rules', () => {
  const wrong = [...texts].flatMap(([file, text]) => {
    const lines = codeOf(text).split('\n');
    const found = banned.flatMap(([name, pattern, allowed]) =>
      allowed.test(file)
        ? []
        : lines.flatMap((line, index) =>
            pattern.test(line) ? [`${file}:${index + 1} ${name}`] : [],
          ),
    );
    return unfinished.test(text) ? [...found, `${file} unfinished`] : found;
  });
  expect(wrong).toEqual([]);
});

test('names say what a thing is', () => {
  const all = globSync(['src/**', 'firmware-bridge/**', 'test/**', 'scripts/**'], { cwd: root });
  expect(all.filter((path) => vagueFolder.test(path))).toEqual([]);
  const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)*\.ts$/;
  const named = all.filter((path) => path.endsWith('.ts'));
  expect(named.filter((path) => !kebab.test(path.slice(path.lastIndexOf('/') + 1)))).toEqual([]);
});

function importsOf(file: string, text: string): Import[] {
  const pattern =
    /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...text.matchAll(pattern)].map(([, type, fixed, dynamic]) => {
    const name = fixed ?? dynamic ?? '';
    const builtin = builtinModules.includes(name) ? `node:${name}` : name;
    const to = name.startsWith('.') ? join(dirname(file), name) : builtin;
    return { from: file, to, isType: type !== undefined };
  });
}

function isPackage(name: string): boolean {
  return !name.startsWith('src/') && !name.startsWith('firmware-bridge/');
}

// The folder that answers for a file: src/rules/engine.ts → rules, src/app.ts → app.ts.
function unitOf(file: string): string {
  return (
    relative('src', file)
      .replace(/^\.\.\//, '')
      .split('/')[0] ?? file
  );
}

function lineText({ from, to, isType }: Import): string {
  return `${from} -> ${to}${isType ? ' (types)' : ''}`;
}

// Comments and texts may say anything; line numbers stay.
function codeOf(text: string): string {
  const prose = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;
  return text.replace(prose, (found) => found.replace(/[^\n]/g, ''));
}
