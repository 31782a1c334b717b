// The local executor: a pool of worker threads for TypeScript stages and of shells for external ones.
import { basename, join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Problem } from '../base/problem.ts';
import { ProblemError } from '../base/problem.ts';
import { remove } from '../store/files.ts';
import type { Executor, WorkEvent, WorkerSettings, WorkItem, WorkMessage, WorkResult } from './executor.ts';
import { runCommand, ShellSlot } from './shell.ts';
import type { Declaration } from './spec.ts';

export interface PoolSettings extends WorkerSettings {
  readonly jobs: number;
  readonly workRoot: string;
  /** The built worker script. */
  readonly workerFile: string;
}

interface Waiting {
  readonly item: WorkItem;
  readonly onEvent: (event: WorkEvent) => void;
  readonly resolve: (result: WorkResult) => void;
  readonly reject: (error: unknown) => void;
}

export class LocalPool implements Executor {
  readonly #settings: PoolSettings;
  readonly #queue: Waiting[] = [];
  readonly #threads: Worker[] = [];
  readonly #shells: ShellSlot[] = [];
  readonly #idleThreads: Worker[] = [];
  readonly #idleShells: ShellSlot[] = [];
  #jobs: number;
  #busy = 0;
  #closed = false;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#jobs = settings.jobs;
  }

  submit(item: WorkItem, onEvent: (event: WorkEvent) => void): Promise<WorkResult> {
    if (this.#closed) return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, onEvent, resolve, reject });
      this.#next();
    });
  }

  /** How many units run at once from now on: the configuration that says it is read with a thread of this pool. */
  resize(jobs: number): void {
    this.#jobs = jobs;
    this.#next();
  }

  #next(): void {
    while (!this.#closed && this.#busy < this.#jobs) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      this.#busy++;
      waiting.onEvent({ type: 'started' });
      const work = waiting.item.code.kind === 'command' ? this.#command(waiting) : this.#module(waiting);
      work.then(waiting.resolve, waiting.reject).finally(() => {
        this.#busy--;
        this.#next();
      });
    }
  }

  async #command(waiting: Waiting): Promise<WorkResult> {
    const slot = this.#idleShells.pop() ?? this.#newShell();
    try {
      return await runCommand(waiting.item, slot, this.#settings.tmp);
    } finally {
      this.#idleShells.push(slot);
    }
  }

  #newShell(): ShellSlot {
    // What a killed run left there is nobody's.
    if (this.#shells.length === 0) remove(this.#settings.workRoot);
    const slot = new ShellSlot(join(this.#settings.workRoot, String(this.#shells.length)));
    this.#shells.push(slot);
    return slot;
  }

  /** Commands need no threads, so what makes them is loaded with the first. */
  async #newThread(): Promise<Worker> {
    const { Worker } = await import('node:worker_threads');
    if (this.#closed) throw stopped();
    const { tmp, cacheDir, trapped, modulePaths, project, disturb } = this.#settings;
    const workerData: WorkerSettings = { tmp, cacheDir, trapped, modulePaths, project, disturb };
    const worker = new Worker(this.#settings.workerFile, { workerData, stdout: true, stderr: true });
    worker.setMaxListeners(32);
    this.#threads.push(worker);
    return worker;
  }

  #drop(worker: Worker): void {
    for (const list of [this.#threads, this.#idleThreads])
      if (list.includes(worker)) list.splice(list.indexOf(worker), 1);
    void worker.terminate();
  }

  async #module(waiting: Waiting): Promise<WorkResult> {
    const { item, onEvent } = waiting;
    const worker = this.#idleThreads.pop() ?? (await this.#newThread());
    let timer: NodeJS.Timeout | undefined;
    try {
      const result = await new Promise<WorkResult>((resolve, reject) => {
        const gone = (why: string) =>
          reject(
            new Gone(
              this.#closed
                ? { code: 'interrupted', message: `stage \`${item.stage}\` was stopped` }
                : { code: 'stage/failed', message: `stage \`${item.stage}\` ${why}` },
            ),
          );
        const listen = (message: WorkMessage) => {
          if (message.type === 'event') onEvent(message.event);
          else if (message.type === 'done') resolve(message.result);
          else reject(new ProblemError(message.problems));
        };
        worker.removeAllListeners();
        worker.on('message', listen);
        worker.on('error', (error) => gone(`broke its thread: ${error.message}`));
        worker.on('exit', (code) => gone(`ended its thread (status ${code})`));
        if (item.timeoutMs !== null) {
          const problem: Problem = {
            code: 'stage/timeout',
            message: `stage \`${item.stage}\` ran longer than ${item.timeoutMs / 1000} s`,
          };
          timer = setTimeout(() => reject(new Gone(problem)), item.timeoutMs);
        }
        worker.postMessage(item);
      });
      this.#release(worker);
      return result;
    } catch (error) {
      if (error instanceof Gone) this.#drop(worker);
      else this.#release(worker);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #release(worker: Worker): void {
    worker.removeAllListeners();
    // A promise that a stage left behind may still end the thread.
    worker.on('error', () => {});
    worker.once('exit', () => this.#drop(worker));
    this.#idleThreads.push(worker);
  }

  /** What a bundle's stage declares; asked on a thread, so that stage code never runs on this one. */
  async describe(bundle: string): Promise<Declaration> {
    const worker = this.#idleThreads.pop() ?? (await this.#newThread());
    let isGone = false;
    try {
      return await new Promise<Declaration>((resolve, reject) => {
        const gone = (why: string) => {
          isGone = true;
          reject(
            this.#closed
              ? stopped()
              : new ProblemError({
                  code: 'code/build-failed',
                  message: `stage code ${why} while it was loaded`,
                  facts: { bundle: basename(bundle) },
                }),
          );
        };
        worker.removeAllListeners();
        worker.on('exit', (code) => gone(`ended its thread (status ${code})`));
        worker.on(
          'message',
          (
            message: { type: 'described'; declaration: Declaration } | { type: 'failed'; problems: readonly Problem[] },
          ) => {
            if (message.type === 'described') resolve(message.declaration);
            else reject(new ProblemError(message.problems));
          },
        );
        worker.on('error', (error) => gone(`broke its thread (${error.message})`));
        worker.postMessage({ describe: bundle });
      });
    } finally {
      if (isGone) this.#drop(worker);
      else this.#release(worker);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#queue.splice(0)) reject(stopped());
    await Promise.all([
      ...this.#shells.map((shell) => shell.close()),
      ...this.#threads.map((thread) => thread.terminate()),
    ]);
    remove(this.#settings.workRoot);
  }
}

function stopped(): ProblemError {
  return new ProblemError({ code: 'interrupted', message: 'the run was stopped' });
}

/** The thread can no longer be used. */
class Gone extends ProblemError {}
