// The thread that runs stage code: gives it its declared inputs, hashes its outputs while they are written, traps the rest.
import * as fs from 'node:fs';
import Module from 'node:module';
import { basename, relative } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { tickMs } from '../base/clock.ts';
import { type Problem, ProblemError } from '../base/problem.ts';
import type { JsonOutput, Sink, TreeInput } from '../stage/port.ts';
import type { Plugin, Stage } from '../stage/stage.ts';
import { blobPath } from '../store/blob.ts';
import { exists, HashingFile } from '../store/files.ts';
import { isSafeName } from '../store/tree.ts';
import { disturb } from './disturb.ts';
import type { InputArtifact, MadeFile, WorkerSettings, WorkItem, WorkMessage, WorkResult } from './executor.ts';
import { Origins } from './origin.ts';
import { arm, untrapped } from './trap.ts';

const settings = workerData as WorkerSettings;
const origins = new Origins(settings.project);
const placeInSource = (stack: string) => untrapped(() => origins.placeOf(stack));
// A trap may spring deep inside a package; the stage's own line is further out.
Error.stackTraceLimit = 60;
if (settings.disturb !== null) disturb(settings.disturb);

const port = parentPort;
const say = (message: WorkMessage) => port?.postMessage(message);
port?.on('message', (item: WorkItem | { describe: string }) => {
  if ('describe' in item) describe(item.describe);
  else void runItem(item);
});

const loaded = new Map<string, Stage>();
const plugins = new Map<string, Plugin>();

/** Run a bundle as a module that finds packages where the project and this package keep them. */
function compile(bundle: string): Plugin {
  const text = untrapped(() => fs.readFileSync(bundle, 'utf8'));
  origins.add(bundle);
  const module = new Module(bundle) as Module & { paths: string[]; _compile(code: string, file: string): void };
  module.filename = bundle;
  module.paths = [...settings.modulePaths];
  module._compile(text, bundle);
  return module.exports as Plugin;
}

/** The stage of a bundle; what its code does while it is loaded is trapped too. */
function load(bundle: string, stage: string): Stage {
  const known = loaded.get(bundle);
  if (known !== undefined) return known;
  const disarm = settings.trapped ? arm(stage, placeInSource) : () => [];
  let touched: readonly Problem[] = [];
  let exports: Plugin;
  try {
    exports = compile(bundle);
  } finally {
    touched = disarm();
  }
  if (touched.length > 0) throw new ProblemError(touched);
  const exported = Object.values(exports).find(isStage);
  if (exported === undefined)
    throw new ProblemError({
      code: 'code/build-failed',
      message: 'the file exports no stage',
      facts: { bundle: relative(settings.project, bundle) },
      hint: 'export const stage = defineStage<Params>()({ … })',
    });
  loaded.set(bundle, exported);
  return exported;
}

/** A project file that the stage's params name, loaded under the traps of the stage that asks. */
function pluginOf(item: WorkItem, path: string): Plugin {
  const bundle =
    item.code.kind === 'module' && Object.hasOwn(item.code.plugins, path) ? item.code.plugins[path] : undefined;
  if (bundle === undefined) throw new Error(`no selecting param of the stage names ${path}`);
  const known = plugins.get(bundle) ?? compile(bundle);
  plugins.set(bundle, known);
  return known;
}

function isStage(value: unknown): value is Stage {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Stage).run === 'function' &&
    typeof (value as Stage).inputs === 'object'
  );
}

/** What the coordinator needs to wire a stage, without ever loading stage code itself. */
function describe(bundle: string): void {
  try {
    const { run: _, ...declaration } = load(bundle, basename(bundle).slice(0, -37));
    port?.postMessage({ type: 'described', declaration });
  } catch (error) {
    say({ type: 'failed', problems: problemsOf(error, 'loading') });
  }
}

/** The display looks no more often; most shards are through before. */
const PROGRESS_MS = 100;

async function runItem(item: WorkItem): Promise<void> {
  const outputs = new Outputs(item);
  let toldMs = tickMs();
  let disarm: () => readonly Problem[] = () => [];
  try {
    const stage = load((item.code as { bundle: string }).bundle, item.stage);
    let verdict: WorkResult['verdict'] = null;
    const context = {
      params: item.params,
      in: inputsOf(item),
      out: outputs.ports,
      seed: item.seed,
      generatorVersion: item.generatorVersion,
      element: item.element,
      plugin: (path: string) => pluginOf(item, path),
      log: (message: string, facts = {}) => say({ type: 'event', event: { type: 'log', message, facts } }),
      progress: (done: number, total: number, unit: string) => {
        const now = untrapped(tickMs);
        if (now - toldMs < PROGRESS_MS) return;
        toldMs = now;
        say({ type: 'event', event: { type: 'progress', done, total, unit } });
      },
      verdict: (passed: boolean, summary: string) => {
        verdict = { passed, summary };
      },
    };
    if (settings.trapped) disarm = arm(item.stage, placeInSource);
    await stage.run(context as never);
    const touched = disarm();
    if (touched.length > 0) throw new ProblemError(touched);
    const made = outputs.finish();
    if (delivered.size < MOST_DELIVERED)
      for (const files of Object.values(made)) for (const { md5 } of files) delivered.add(md5);
    say({ type: 'done', result: { outputs: made, verdict } });
  } catch (error) {
    // What it touched is the cause, whatever the stage made of that.
    const touched = disarm();
    outputs.abandon();
    say({ type: 'failed', problems: touched.length > 0 ? touched : problemsOf(error, item.stage) });
  }
}

function problemsOf(error: unknown, stage: string): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems;
  // A ProblemError made by the bundle's own copy of the class is not an instance of ours.
  const foreign = (error as { problems?: readonly Problem[] } | null)?.problems;
  if (Array.isArray(foreign) && foreign.length > 0) return foreign;
  const place = placeInSource((error as Error | null)?.stack ?? '');
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return [{ code: 'stage/failed', message: `stage \`${stage}\`: ${message}`, ...(place && { place }) }];
}

function inputsOf(item: WorkItem): Record<string, unknown> {
  const inputs: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(item.inputs)) {
    const values = Object.entries(input.artifacts).map(
      ([label, artifact]) => [label, inputOf(input.kind, artifact)] as const,
    );
    inputs[name] = input.many ? Object.fromEntries(values) : values[0]?.[1];
  }
  return inputs;
}

function inputOf(kind: string, artifact: InputArtifact): unknown {
  const only = artifact.files[0]?.path ?? '';
  const read = (path: string) => untrapped(() => fs.readFileSync(path));
  if (kind === 'file') return { digest: artifact.md5, bytes: () => read(only) };
  if (kind === 'json') {
    let value: unknown;
    return {
      digest: artifact.md5,
      bytes: () => read(only),
      get value() {
        value ??= deepFreeze(JSON.parse(read(only).toString('utf8')));
        return value;
      },
    };
  }
  const byName = new Map(artifact.files.map((file) => [file.relpath, file]));
  const find = (name: string) => {
    const file = byName.get(name);
    if (file === undefined)
      throw new ProblemError({
        code: 'stage/failed',
        message: `the input has no file \`${name}\``,
        facts: { has: [...byName.keys()].slice(0, 8).join(', ') },
      });
    return file;
  };
  return {
    digest: artifact.md5,
    names: () => [...byName.keys()],
    entry: (name: string) => ({ md5: find(name).md5, size: find(name).size }),
    bytes: (name: string) => read(find(name).path),
  } satisfies TreeInput;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(Object.freeze(value))) deepFreeze(inner);
  return value;
}

/** Small files of units that are through, which the coordinator may not have taken yet: who makes one again need not write it. */
const delivered = new Set<string>();
const MOST_DELIVERED = 10_000;

function isStored(md5: string): boolean {
  return delivered.has(md5) || exists(blobPath(settings.cacheDir, md5));
}

/** Output ports of one unit; files are hashed while written and stay at temporary names until the coordinator takes them. */
class Outputs {
  readonly ports: Record<string, unknown> = {};
  readonly #made: Record<string, MadeFile[]> = {};
  /** Every file begun, and those of them not yet closed. */
  readonly #begun = new Set<HashingFile>();
  readonly #open = new Map<HashingFile, string>();
  /** `output/relpath` of every finished file. */
  readonly #names = new Set<string>();
  readonly #item: WorkItem;

  constructor(item: WorkItem) {
    this.#item = item;
    for (const [name, { kind }] of Object.entries(item.outputs)) {
      this.#made[name] = [];
      if (kind === 'json')
        this.ports[name] = {
          write: (value) => {
            const text = JSON.stringify(value, null, 2) as string | undefined;
            this.#write(name, '', `${text ?? this.#bad(name, 'was given what JSON cannot say')}\n`);
          },
        } satisfies JsonOutput<unknown>;
      else if (kind === 'file')
        this.ports[name] = {
          write: (bytes: Uint8Array) => this.#write(name, '', bytes),
          open: () => this.#sink(name, ''),
        };
      else
        this.ports[name] = {
          write: (path: string, bytes: Uint8Array) => this.#write(name, path, bytes),
          open: (path: string) => this.#sink(name, path),
          adopt: (path: string, from: TreeInput | { digest: string }, entry?: string) =>
            this.#adopt(name, path, from, entry),
        };
    }
  }

  #sink(output: string, relpath: string): Sink {
    this.#refuse(output, relpath);
    const file = untrapped(() => new HashingFile(settings.tmp));
    this.#begun.add(file);
    this.#open.set(file, relpath === '' ? output : `${output}/${relpath}`);
    return {
      write: (bytes) => untrapped(() => file.write(bytes)),
      close: () => {
        if (!this.#open.delete(file)) return;
        const { path, md5, size } = untrapped(() =>
          file.finish((known) => this.#item.anew !== true && isStored(known)),
        );
        this.#add(output, { relpath, md5, size, temp: path });
      },
    };
  }

  #write(output: string, relpath: string, bytes: Uint8Array | string): void {
    const sink = this.#sink(output, relpath);
    sink.write(bytes);
    sink.close();
  }

  #adopt(output: string, relpath: string, from: TreeInput | { digest: string }, entry?: string): void {
    const files = Object.values(this.#item.inputs).flatMap((input) =>
      Object.values(input.artifacts)
        .filter((artifact) => artifact.md5 === from.digest)
        .flatMap((artifact) => artifact.files),
    );
    const file = entry === undefined ? files[0] : files.find((candidate) => candidate.relpath === entry);
    if (file === undefined) this.#bad(output, `adopts \`${entry ?? from.digest}\`, which none of its inputs has`);
    else this.#add(output, { relpath, md5: file.md5, size: file.size, temp: null });
  }

  #refuse(output: string, relpath: string): void {
    if (this.#item.outputs[output]?.kind === 'tree' && !isSafeName(relpath))
      this.#bad(output, `writes to the unsafe name ${JSON.stringify(relpath)}`);
    if (this.#names.has(`${output}/${relpath}`))
      this.#bad(output, `writes ${relpath === '' ? 'its file' : `\`${relpath}\``} twice`);
  }

  #add(output: string, file: MadeFile): void {
    this.#refuse(output, file.relpath);
    this.#names.add(`${output}/${file.relpath}`);
    this.#made[output]?.push(file);
  }

  #bad(output: string, message: string): never {
    throw new ProblemError({
      code: 'stage/bad-output',
      message: `stage \`${this.#item.stage}\`: output \`${output}\` ${message}`,
    });
  }

  finish(): Record<string, MadeFile[]> {
    for (const name of this.#open.values()) this.#bad(name, 'was opened and never closed');
    for (const [name, { kind }] of Object.entries(this.#item.outputs)) {
      if (kind !== 'tree' && this.#made[name]?.length === 0) this.#bad(name, 'was not written');
    }
    for (const [name, files] of Object.entries(this.#made)) {
      for (const { relpath } of files) {
        for (let slash = relpath.indexOf('/'); slash >= 0; slash = relpath.indexOf('/', slash + 1)) {
          const folder = relpath.slice(0, slash);
          if (this.#names.has(`${name}/${folder}`)) this.#bad(name, `makes \`${folder}\` both a file and a folder`);
        }
      }
    }
    return this.#made;
  }

  abandon(): void {
    for (const file of this.#begun) untrapped(() => file.abandon());
  }
}
