// What a TypeScript stage may not touch: each act fails its stage, by name and line, even when the stage swallows the error.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeRigs, openRig, type Ran, stageFile } from './rig.ts';

/** Act -> words of the message; each is line 2 of the body. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  "readFileSync('/etc/hostname')": 'touches files',
  "existsSync('x')": 'touches files',
  "writeFileSync('/tmp/marketloom-trap', 'x')": 'touches files',
  "await readFile('/etc/hostname')": 'touches files',
  "await promisify(fs.readFile)('/etc/hostname')": 'touches files',
  'process.env.HOME': 'reads the environment',
  'Object.keys(process.env)': 'reads the environment',
  "'HOME' in process.env": 'reads the environment',
  'process.cwd()': 'asks about the process',
  'process.pid': 'asks about the process',
  'process.argv': 'asks about the process',
  "resolve('x')": 'asks about the process',
  'Date.now()': 'reads the clock',
  'await Promise.resolve().then(Date.now)': 'reads the clock',
  'new Date()': 'reads the clock',
  'Date()': 'reads the clock',
  'new (new Date(0).constructor as any)()': 'reads the clock',
  'performance.now()': 'reads the clock',
  'performance.timeOrigin': 'reads the clock',
  'process.hrtime()': 'reads the clock',
  'process.hrtime.bigint()': 'reads the clock',
  'new Date(0).getHours()': 'time zone',
  'new Date(0).getTimezoneOffset()': 'time zone',
  'new Date(2020, 1, 1)': 'time zone',
  "new Date('2020-01-01T00:00:00')": 'time zone',
  "Date.parse('2020-01-01 00:00')": 'time zone',
  'String(new Date(0))': 'time zone',
  '(1234.5).toLocaleString()': 'default locale',
  "'a'.localeCompare('b')": 'default locale',
  'new Intl.NumberFormat()': 'default locale',
  "'i'.toLocaleUpperCase()": 'default locale',
  'Math.random()': 'unseeded randomness',
  'crypto.randomUUID()': 'unseeded randomness',
  'crypto.getRandomValues(new Uint8Array(4))': 'unseeded randomness',
  'randomBytes(4)': 'unseeded randomness',
  'randomInt(9)': 'unseeded randomness',
  "fetch('http://127.0.0.1:9')": 'uses the network',
  "connect(9, '127.0.0.1')": 'uses the network',
  "http.get('http://127.0.0.1:9')": 'uses the network',
  "dns.promises.lookup('localhost')": 'uses the network',
  "execSync('true')": 'starts a program',
  "await promisify(childProcess.exec)('true')": 'starts a program',
  'hostname()': 'asks about the machine',
  'cpus()': 'asks about the machine',
};
const HEAD = `import fs, { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { randomBytes, randomInt } from 'node:crypto';
import { connect } from 'node:net';
import http from 'node:http';
import dns from 'node:dns';
import childProcess, { execSync } from 'node:child_process';
import { cpus, hostname } from 'node:os';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
void [fs, existsSync, readFileSync, writeFileSync, readFile, randomBytes, randomInt, connect, http, dns, childProcess];
void [execSync, cpus, hostname, resolve, promisify];`;

/** What a stage may do. */
const ALLOWED: Readonly<Record<string, string>> = {
  'a given instant': "new Date(0).toISOString() + new Date('2020-01-01').getTime() + Date.UTC(2020, 1, 1)",
  'a date in UTC': "new Date('2020-01-01T00:00:00Z').getUTCDay() + Date.parse('2020-01-01T00:00:00+01:00')",
  'a named locale and zone':
    "new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).format(0) + (1.5).toLocaleString('en')",
  'a plain hash': "createHash('sha256').update('x').digest('hex')",
  'its own errors':
    "(() => { try { throw new Error('mine'); } catch (e: any) { return String(e.stack).length > 0; } })()",
  'a package, loaded when used': "Object.keys(await import('yaml')).length > 0",
  'waiting for a timer': "await new Promise((done) => setTimeout(() => done('x'), 1))",
};

const ACTS = Object.keys(FORBIDDEN);
/** One run of them all: each act, each with its error swallowed, and what is allowed. */
let ran: Ran;

function rigOf(files: readonly string[]) {
  const stages = files.map((_, i) => `  s${i}: {uses: ./s${i}.ts}\n`).join('');
  const sources = Object.fromEntries(files.map((text, i) => [`s${i}.ts`, text]));
  return openRig({ 'pipeline.yaml': `pipeline: traps\nstages:\n${stages}`, ...sources });
}

beforeAll(async () => {
  const acting = (body: (act: string) => string) => ACTS.map((act) => stageFile({ head: HEAD, body: body(act) }));
  const head = "import { createHash } from 'node:crypto';\nvoid createHash;";
  ran = await rigOf([
    ...acting((act) => `ctx.out.out.write('a');\n    void (${act});`),
    ...acting((act) => `ctx.out.out.write('a'); try {\n    void (${act});\n    } catch {}`),
    ...Object.values(ALLOWED).map((act) => stageFile({ head, body: `ctx.out.out.write(String(${act}));` })),
  ]).run(['--keep-going']);
  expect(ran.code).toBe(1);
}, 60_000);
afterAll(closeRigs);

const problemsOf = (stage: string) => ran.problems.filter(({ message }) => message.startsWith(`stage \`${stage}\``));

describe('a stage that touches what is not in its key fails, and says where', () => {
  test.each(ACTS.map((act, i) => [act, i] as const))('%s', (act, i) => {
    for (const stage of [`s${i}`, `s${ACTS.length + i}`]) {
      const [problem, ...others] = problemsOf(stage);
      expect(problem, act).toMatchObject({ code: 'stage/undeclared-input' });
      expect(others).toEqual([]);
      expect(problem?.message).toContain(FORBIDDEN[act]);
      // A callback that Node itself calls has no line of the stage on its stack.
      if (!/promisify|then\(/.test(act)) expect(problem?.place).toMatchObject({ file: `${stage}.ts`, line: 24 });
    }
  });
});

test.each(Object.keys(ALLOWED).map((what, i) => [what, i] as const))('a stage may use %s', (_, i) => {
  const stage = `s${2 * ACTS.length + i}`;
  expect(problemsOf(stage)).toEqual([]);
  expect(ran.events).toContainEqual(expect.objectContaining({ type: 'unit-finished', stage }));
});

test('what a file does while it is loaded is trapped too', async () => {
  const ran = await rigOf([
    stageFile({ head: 'const started = Date.now();', body: 'ctx.out.out.write(String(started));' }),
  ]).run();
  expect(ran.code).toBe(1);
  expect(ran.problems).toMatchObject([
    { code: 'stage/undeclared-input', message: expect.stringContaining('Date.now'), place: { file: 's0.ts', line: 3 } },
  ]);
});

test('functions kept from before a stage runs are trapped all the same', async () => {
  const head = 'const { random } = Math; const { now } = Date;';
  const ran = await rigOf([stageFile({ head, body: 'ctx.out.out.write(String(random() + now()));' })]).run();
  expect(ran).toMatchObject({ code: 1, problems: [{ code: 'stage/undeclared-input' }] });
});

test('inputs are read, frozen, and cannot be changed through what a stage is given', async () => {
  const rig = openRig({
    'pipeline.yaml': `pipeline: p
stages:
  one: {cmd: "echo '{\\"a\\": [1]}' > out/value", out: {value: json}}
  two: {uses: ./two.ts, in: {value: one.value}}
`,
    'two.ts': stageFile({
      inputs: "value: json('any')",
      body: 'ctx.in.value.bytes()[0] = 0; try { ctx.in.value.value.a.push(2); } catch {} ctx.out.out.write(JSON.stringify(ctx.in.value.value));',
    }),
  });
  expect((await rig.run()).code).toBe(0);
  expect(rig.read('data/stages/two/out')).toBe('{"a":[1]}');
});
