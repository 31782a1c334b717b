// Laws of the traps themselves: silent until armed, complete where a stage could slip through, and invisible to what is allowed.
import { expect, test } from 'vitest';
import { inThread } from './thread.ts';

const HEAD = `
import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import dns from 'node:dns';
import fs, { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { arm, untrapped } from '../../lib/engine/trap.ts';
const nowhere = () => null;
/** What an act touches; it may throw, or fail later. */
function touched(act: () => unknown): string[] {
  const disarm = arm('s', nowhere);
  try {
    const result = act() as Promise<unknown> | undefined;
    if (typeof result?.catch === 'function') result.catch(() => {});
  } catch {}
  return disarm().map(({ code, message }) => code + ': ' + message);
}
`;

/** Acts that go around the plain functions. */
const AROUND: Readonly<Record<string, string>> = {
  "fs.realpathSync.native('/')": 'touches files (fs.realpathSync.native)',
  "fs.realpath.native('/', () => {})": 'touches files (fs.realpath.native)',
  "new fs.ReadStream('/etc/hostname')": 'touches files',
  "process.env.MARKETLOOM = 'x'": 'changes the environment (process.env.MARKETLOOM)',
  'delete process.env.MARKETLOOM': 'changes the environment (process.env.MARKETLOOM)',
  '({ ...process.env })': 'reads the environment (process.env.*)',
  'process.geteuid?.()': 'asks about the process (process.geteuid)',
  'process.availableMemory()': 'asks about the process (process.availableMemory)',
  "crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt'])": 'crypto.subtle.generateKey',
  "new dns.Resolver().resolve4('localhost', () => {})": 'uses the network (dns.Resolver)',
  "new dns.promises.Resolver().resolve4('localhost')": 'uses the network (dns.promises.Resolver)',
  "new Intl.DateTimeFormat(undefined, { timeZone: 'UTC' }).format(0)": 'default locale',
  "new Intl.DateTimeFormat('en').format(0)": 'default locale',
  "new Intl.DisplayNames(undefined as never, { type: 'region' })": 'default locale',
  'new Intl.RelativeTimeFormat()': 'default locale',
  'new Intl.Segmenter()': 'default locale',
  "new (new Intl.NumberFormat('en').constructor as any)()": 'default locale',
  "new Date(0).toLocaleDateString('en')": 'default locale',
  "new Date(0).toLocaleTimeString(undefined, { timeZone: 'UTC' })": 'default locale',
  'Float64Array.of(1.5).toLocaleString()': 'default locale',
};

test('ways around the plain functions are trapped as they are, each told once', async () => {
  const acts = Object.keys(AROUND).map((act) => `[${JSON.stringify(act)}, touched(() => ${act})]`);
  const answer = await inThread<[string, string[]][]>(`${HEAD} export const answer = [${acts.join(',\n')}];`);
  for (const [act, told] of answer) {
    expect(told, act).toHaveLength(1);
    expect(told[0], act).toMatch(/^stage\/undeclared-input: stage `s` /);
    expect(told[0], act).toContain(AROUND[act]);
  }
});

test('what says its locale and its zone is allowed', async () => {
  const acts = [
    "new Date(0).toLocaleDateString('en', { timeZone: 'UTC' })",
    "new Date(0).toLocaleString('en', { timeZone: 'UTC' })",
    "new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).formatToParts(0)",
    "new Intl.Segmenter('en').segment('a b')",
    "new Intl.Locale('en')",
    "Intl.NumberFormat.supportedLocalesOf('en')",
    "[1.5].toLocaleString('en')",
  ];
  const answer = await inThread(
    `${HEAD} export const answer = [${acts.map((act) => `touched(() => ${act})`).join(',')}];`,
  );
  expect(answer).toEqual(acts.map(() => []));
});

test('before the first stage, between stages and on behalf of the host everything works as ever', async () => {
  const answer = await inThread(`${HEAD}
    const free = () => [
      typeof Date.now(), typeof Math.random(), typeof process.env.PATH, readFileSync('/dev/null', 'utf8'), process.cwd() !== '',
      new Date(0).getHours() >= 0, crypto.randomBytes(4).length, childProcess.execSync('echo x').toString(),
    ];
    const before = free();
    const disarm = arm('s', nowhere);
    const host = untrapped(free);
    const nested = untrapped(() => { untrapped(free); return free(); });
    let failed = '';
    try { untrapped(() => { throw new Error('mine'); }); } catch (error) { failed = (error as Error).message; }
    let trapped = 0;
    try { Date.now(); } catch { trapped = 1; }
    const told = disarm().length;
    export const answer = { same: [host, nested, free()].every((one) => JSON.stringify(one) === JSON.stringify(before)), before, failed, trapped, told };
  `);
  const before = ['number', 'number', 'string', '', true, true, 4, 'x\n'];
  // A host act that fails leaves the stage trapped.
  expect(answer).toEqual({ same: true, before, failed: 'mine', trapped: 1, told: 1 });
});

test('a stage answers for what it touched and for nothing of the stage before', async () => {
  expect(
    await inThread(`${HEAD}
      const first = touched(() => { for (let i = 0; i < 9; i++) try { Date.now(); } catch {} Math.random(); });
      const second = touched(() => Math.random());
      const none = touched(() => 1 + 1);
      const many = touched(() => { for (let i = 0; i < 40; i++) try { process.env['V' + i]; } catch {} });
      export const answer = { first: first.length, second, none, many: many.length };
    `),
  ).toEqual({
    first: 2,
    second: ['stage/undeclared-input: stage `s` draws unseeded randomness (Math.random)'],
    none: [],
    // Enough to see the pattern.
    many: 20,
  });
});

test('an act that a promise carries out is caught as well, and the stack that names the place is the stage’s', async () => {
  const answer = await inThread<{ places: boolean[]; messages: string[] }>(`${HEAD}
    const stacks: string[] = [];
    const disarm = arm('s', (stack) => { stacks.push(stack); return { file: 's.ts', line: 1, column: 1, length: 1 }; });
    async function mine() { try { await readFile('/etc/hostname'); } catch {} }
    async function later() { await Promise.resolve(); try { process.pid; } catch {} }
    export const answer = Promise.all([mine(), later()]).then(() => {
      const problems = disarm();
      return { places: problems.map(({ place }) => place?.file === 's.ts'), messages: [stacks[0]!.includes('mine'), stacks[1]!.includes('later')].map(String) };
    });
  `);
  expect(answer).toEqual({ places: [true, true], messages: ['true', 'true'] });
});

test('classes stay what they are: instances, subclasses and constructors agree', async () => {
  expect(
    await inThread(`${HEAD}
      const old = new Date(0);
      const number = new Intl.NumberFormat('en');
      touched(() => {});
      class Day extends Date { label() { return 'mine'; } }
      const day = new Day(0);
      export const answer = [
        old instanceof Date, new Date(0) instanceof Date, new Date(0).constructor === Date, day instanceof Day, day.label(),
        number instanceof Intl.NumberFormat, new Intl.NumberFormat('en').constructor === Intl.NumberFormat,
        number.format(1.5), Object.prototype.toString.call(new Date(0)),
      ];
    `),
  ).toEqual([true, true, true, true, 'mine', true, true, '1.5', '[object Date]']);
});
