// A project in a temporary folder, opened in this process: for tests of what the engine decides before and after stages run.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { md5 } from '../../lib/base/digest.ts';
import type { LoadOptions } from '../../lib/engine/checked.ts';
import type { RunEvent } from '../../lib/engine/event.ts';
import { loadPipeline, type Pipeline } from '../../lib/engine/load.ts';
import { openProject, type Project } from '../../lib/engine/project.ts';
import { inputArtifacts, planUnits, type UnitPlan } from '../../lib/engine/units.ts';
import type { Artifact } from '../../lib/store/blob.ts';

const made: string[] = [];

/** Remove every folder of this test file; for afterEach. */
export function removeProjects(): void {
  for (const base of made.splice(0)) rmSync(base, { recursive: true, force: true });
}

export class Folder {
  readonly root: string;
  readonly own: string;

  constructor(files: Readonly<Record<string, string>> = {}, own = resolve('.')) {
    const base = realpathSync(mkdtempSync(join(tmpdir(), 'marketloom-engine-')));
    made.push(base);
    this.root = join(base, 'project');
    this.own = own;
    mkdirSync(this.root);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  path(name: string): string {
    return join(this.root, name);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    rmSync(this.path(name), { force: true });
    writeFileSync(this.path(name), text);
  }

  edit(name: string, from: string, to: string): void {
    const text = readFileSync(this.path(name), 'utf8');
    if (!text.includes(from)) throw new Error(`${name} does not say ${from}`);
    this.write(
      name,
      text.replace(from, () => to),
    );
  }

  /** As a new process would open it. */
  open(): Project {
    const { root, own } = this;
    return openProject({ root, own, cacheDir: join(root, '.cache'), links: ['copy'] });
  }

  async load(project = this.open(), options: Partial<LoadOptions> = {}, events: RunEvent[] = []): Promise<Pipeline> {
    const describe = () => Promise.reject(new Error('no stage of this project is code'));
    return loadPipeline(project, { flags: {}, env: {}, build: 'b', describe, ...options }, (event) =>
      events.push(event),
    );
  }
}

/** A plan for each unit of a stage, given what the stages above have made. */
export function plansOf(
  project: Project,
  loaded: Pipeline,
  name: string,
  above: Readonly<Record<string, Readonly<Record<string, Artifact>>>> = {},
): UnitPlan[] {
  const stage = loaded.spec.stages.find((one) => one.name === name);
  if (stage === undefined) throw new Error(`no stage ${name}`);
  const found = inputArtifacts(stage, loaded, new Map(Object.entries(above)));
  if ('waitsFor' in found) throw new Error(`${name} waits for ${found.waitsFor}`);
  return planUnits(project, loaded, stage, found.inputs, { stamp: '', run: '', units: {} }, false);
}

/** Put a tree of texts into the store. */
export function putTree(project: Project, files: Readonly<Record<string, string>>): Artifact {
  return project.store.putTree(
    Object.entries(files).map(([relpath, text]) => ({ relpath, md5: md5(text), size: project.store.put(text).size })),
  );
}

/** Note that a unit gave these outputs, as a run does. */
export function finish(project: Project, plan: UnitPlan, outputs: Readonly<Record<string, Artifact>>): void {
  project.receipts.write({
    format: 1,
    key: plan.key,
    stage: plan.stage,
    element: plan.element,
    outputs,
    parts: JSON.parse(JSON.stringify(plan.parts())),
    verdict: null,
    made: { at: '2026-01-01T00:00:00.000Z', durationMs: 1, run: 'r', head: null, dirty: null, node: 'v20' },
  });
}
