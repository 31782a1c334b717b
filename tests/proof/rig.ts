// A project in a temporary folder and the real program in it.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Problem } from '../../lib/base/problem.ts';
import type { RunEvent } from '../../lib/engine/event.ts';

export const OWN = resolve(import.meta.dirname, '..', '..');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Of a run with `--json`. */
  readonly events: readonly RunEvent[];
  /** Of any command with `--json`. */
  readonly problems: readonly Problem[];
  /** Units that ran, as `stage` or `stage/element`, sorted. */
  readonly started: readonly string[];
}

export interface Rig {
  readonly root: string;
  path(name: string): string;
  write(name: string, text: string | Uint8Array): void;
  edit(name: string, from: string, to: string): void;
  read(name: string): string;
  bytes(name: string): Uint8Array;
  exists(name: string): boolean;
  /** Our program: as built in `own`, run by `node`. */
  cli(
    args: readonly string[],
    options?: { env?: Readonly<Record<string, string>>; own?: string; node?: string },
  ): Promise<Ran>;
}

const folders: string[] = [];

/** Remove every rig of this test file; for afterEach or afterAll. */
export function closeRigs(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export function openRig(files: Readonly<Record<string, string>> = {}): Rig {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'marketloom-rig-')));
  folders.push(base);
  const root = join(base, 'project');
  mkdirSync(root);
  const path = (name: string) => join(root, name);
  const write: Rig['write'] = (name, text) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    // A new file each time: the workspace may hold hard links of the store.
    rmSync(path(name), { force: true });
    writeFileSync(path(name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
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
    cli: (args, { env = {}, own = OWN, node = process.execPath } = {}) =>
      collect(node, [join(own, 'dist', 'pipeline.cjs'), ...args], root, {
        PATH: process.env.PATH ?? '',
        HOME: base,
        NO_COLOR: '1',
        ...env,
      }),
  };
}

/** A project with the market pipeline and configuration of this package, its code and its stages taken from there. */
export function openMarket(): Rig {
  const rig = openRig();
  for (const name of ['pipeline.yaml', 'config']) cpSync(join(OWN, name), rig.path(name), { recursive: true });
  return rig;
}

/** This package with its sources as a project of its own, not built. */
export function openPackage(): Rig {
  const rig = openRig();
  const parts = 'bin cron lib stages scripts config pipeline.yaml package.json package-lock.json'.split(' ');
  for (const name of parts) cpSync(join(OWN, name), rig.path(name), { recursive: true });
  symlinkSync(join(OWN, 'node_modules'), rig.path('node_modules'));
  return rig;
}

function collect(program: string, args: readonly string[], cwd: string, env: Record<string, string>): Promise<Ran> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      const said = out.split('\n').flatMap((line) => (line.startsWith('{"') ? [JSON.parse(line) as object] : []));
      const events = said.filter((one): one is RunEvent => 'type' in one);
      const problems = said.flatMap((one) =>
        'problems' in one && !('type' in one) ? (one.problems as Problem[]) : [],
      );
      const started = events.flatMap((event) =>
        event.type === 'unit-started' ? [event.stage + (event.element === null ? '' : `/${event.element}`)] : [],
      );
      done({ code, out, err, events, problems, started: started.sort() });
    });
  });
}

/** The text of a stage file whose `run` has this body; `ctx` is its context. */
export function stageFile(parts: { readonly body: string; readonly inputs?: string; readonly head?: string }): string {
  return `import { file } from 'marketloom/lib/stage/port.ts';
import { defineStage } from 'marketloom/lib/stage/stage.ts';
${parts.head ?? ''}
export const stage = defineStage<any>()({
  summary: 'test',
  params: { type: 'object', properties: {} },
  inputs: { ${parts.inputs ?? ''} },
  outputs: { out: file('any') },
  async run(ctx: any) {
    ${parts.body}
  },
});
`;
}
