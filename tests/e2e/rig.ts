// A project in a temporary folder and the real program in it: write files, run, and read what came of it.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { md5 } from '../../lib/base/digest.ts';
import type { Problem } from '../../lib/base/problem.ts';
import type { RunEvent } from '../../lib/engine/event.ts';

export const OWN = resolve(import.meta.dirname, '..', '..');
export const PROGRAM = join(OWN, 'dist', 'pipeline.cjs');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly events: readonly RunEvent[];
  /** Units that started, as `stage` or `stage/element`, sorted: exact counts of work. */
  readonly started: readonly string[];
  /** Outputs laid out again, as `stage.port`, sorted. */
  readonly restored: readonly string[];
  /** All that went wrong, told by events or as the answer. */
  readonly problems: readonly Problem[];
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The package whose build is run, and the Node that runs it; ours by default. */
  readonly own?: string;
  readonly node?: string;
}

export interface Rig {
  readonly root: string;
  path(name: string): string;
  write(name: string, text: string | Uint8Array): void;
  /** Replace a text inside a file; the test fails when it is not there. */
  edit(name: string, from: string, to: string): void;
  read(name: string): string;
  bytes(name: string): Uint8Array;
  exists(name: string): boolean;
  remove(name: string): void;
  /** `pipeline run --json --jobs 2 …`. */
  run(args?: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Any command line of the program. */
  cli(args: readonly string[], options?: RunOptions): Promise<Ran>;
  start(args: readonly string[], options?: RunOptions): { readonly child: ChildProcess; readonly done: Promise<Ran> };
  /** Every file under a folder -> md5: what a user sees. */
  digests(folder?: string): Record<string, string>;
  close(): void;
}

const open = new Set<Rig>();

/** Remove every rig of this test file; for afterEach. */
export function closeRigs(): void {
  for (const rig of open) rig.close();
  open.clear();
}

export function openRig(files: Readonly<Record<string, string>> = {}): Rig {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'marketloom-')));
  const root = join(base, 'project');
  mkdirSync(root);
  mkdirSync(join(base, 'home'));
  const path = (name: string) => join(root, name);
  const write = (name: string, text: string | Uint8Array) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    // A new file each time: the workspace may hold hard links of the store.
    rmSync(path(name), { force: true });
    writeFileSync(path(name), text);
  };
  const start: Rig['start'] = (args, options = {}) => {
    const env = { PATH: process.env.PATH ?? '', HOME: join(base, 'home'), NO_COLOR: '1', ...options.env };
    const { own = OWN, node = process.execPath } = options;
    const child = spawn(node, [join(own, 'dist', 'pipeline.cjs'), ...args], {
      cwd: options.cwd ?? root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, done: collect(child) };
  };
  const cli: Rig['cli'] = (args, options) => start(args, options).done;
  const rig: Rig = {
    root,
    path,
    write,
    edit: (name, from, to) => {
      const text = readFileSync(path(name), 'utf8');
      if (!text.includes(from)) throw new Error(`${name} does not say ${from}`);
      write(
        name,
        text.replace(from, () => to),
      );
    },
    read: (name) => readFileSync(path(name), 'utf8'),
    bytes: (name) => readFileSync(path(name)),
    exists: (name) => existsSync(path(name)),
    remove: (name) => rmSync(path(name), { recursive: true }),
    start,
    cli,
    run: (args = [], options) => cli(['run', '--json', '--jobs', '2', ...args], options),
    digests: (folder = 'data') => digestsOf(path(folder)),
    close: () => rmSync(base, { recursive: true, force: true }),
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  open.add(rig);
  return rig;
}

function collect(child: ChildProcess): Promise<Ran> {
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      const lines = out.split('\n').flatMap((line) => (line.startsWith('{"') ? [JSON.parse(line) as object] : []));
      const events = lines.filter((line): line is RunEvent => 'type' in line);
      const said = lines.flatMap((line) =>
        'problems' in line && !('type' in line) ? (line.problems as Problem[]) : [],
      );
      const told = events.flatMap((event) =>
        event.type === 'stage-failed' || (event.type === 'unit-failed' && event.retryInMs === null)
          ? event.problems
          : [],
      );
      const started = events.flatMap((event) => (event.type === 'unit-started' ? [nameOf(event)] : []));
      const restored = events.flatMap((event) =>
        event.type === 'output-restored' ? [`${event.stage}.${event.port}`] : [],
      );
      done({
        code,
        out,
        err,
        events,
        started: started.sort(),
        restored: restored.sort(),
        problems: [...told, ...said],
      });
    });
  });
}

function nameOf({ stage, element }: { stage: string; element: string | null }): string {
  return element === null ? stage : `${stage}/${element}`;
}

function digestsOf(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => !lstatSync(join(folder, name)).isDirectory());
  return Object.fromEntries(files.map((name) => [name, md5(readFileSync(join(folder, name)))]));
}

/** Wait until something is so. */
export async function until(test: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries++) {
    if (test()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`never saw ${what}`);
}

/** The text of a stage file whose `run` has this body; `ctx` is its context. */
export function stageFile(parts: {
  readonly body: string;
  readonly inputs?: string;
  readonly outputs?: string;
  readonly params?: string;
  readonly head?: string;
  readonly more?: string;
}): string {
  return `import { defineStage } from 'marketloom/lib/stage/stage.ts';
import { file, json, tree, trees } from 'marketloom/lib/stage/port.ts';
${parts.head ?? ''}
void [file, json, tree, trees];
export const stage = defineStage<any>()({
  summary: 'test',
  params: { type: 'object', additionalProperties: false, properties: { ${parts.params ?? ''} } },
  inputs: { ${parts.inputs ?? ''} },
  outputs: { ${parts.outputs ?? "out: file('any')"} },
  ${parts.more ?? ''}
  async run(ctx: any) {
    ${parts.body}
  },
});
`;
}
