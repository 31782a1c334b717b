// Keeps DVC and us from writing the same files at once: DVC's own two locks, taken and obeyed as DVC does (dvc-formats 2).
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { tickMs } from '../base/clock.ts';
import { ProblemError } from '../base/problem.ts';
import { ensureDir, readTextIfAny, writeAtomic } from '../store/files.ts';
import { addLocks, type Blocker, findBlockers, type PathLocks, parseLocks, printLocks, removeLocks } from './locks.ts';

export interface GuardOptions {
  /** The `.dvc` folder. */
  readonly dvcDir: string;
  /** DVC runs us as one of its stages: it holds the locks for us. */
  readonly underDvc: boolean;
  /** DVC locks with hard links here (core.hardlink_lock), which only its path locks tell of. */
  readonly hardlinkLock: boolean;
  /** Shown to whoever waits for us. */
  readonly cmd: string;
  readonly waitMs: number;
  readonly onWait: (message: string) => void;
}

/** Paths we write, as DVC sees them. */
export interface Claim {
  take(): Promise<void>;
  release(): Promise<void>;
}

const POLL_MS = 200;
/** Waits shorter than this are not worth a word. */
const QUIET_MS = 500;
/** DVC holds the lock of the list of path locks only to edit it, and waits this long itself. */
const EDIT_WAIT_MS = 3000;

export class Guard {
  readonly #options: GuardOptions;
  readonly #tmp: string;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#tmp = join(options.dvcDir, 'tmp');
  }

  /** Do work while no DVC command runs. Throws lock/busy when one runs longer than the wait. */
  async alone<T>(work: () => T | Promise<T>): Promise<T> {
    const { underDvc, hardlinkLock, waitMs, onWait } = this.#options;
    if (underDvc || hardlinkLock) return work();
    const release = await this.#flock('lock', waitMs, () => onWait('for a dvc command that is running here'));
    try {
      return await work();
    } finally {
      await release();
    }
  }

  /** Wait until no living process reads or writes these absolute paths; most often one look at a file. */
  async clear(paths: readonly string[]): Promise<void> {
    if (this.#options.underDvc) return;
    await this.#patiently(async () => findBlockers(this.#locks(), this.#us, { read: [], write: paths }, isAlive));
  }

  /** A claim on these absolute paths that DVC sees from the first `take` until `release`, and that waits for its turn. */
  claim(paths: readonly string[]): Claim {
    if (this.#options.underDvc) return { take: async () => {}, release: async () => {} };
    const wanted = { read: [], write: paths };
    let taken: Promise<void> | null = null;
    return {
      take: () => {
        taken ??= this.#patiently(async () => {
          let blockers: Blocker[] = [];
          await this.#edit((locks) => {
            blockers = findBlockers(locks, this.#us, wanted, isAlive);
            return blockers.length > 0 ? null : addLocks(locks, this.#us, wanted, isAlive);
          });
          return blockers;
        });
        return taken;
      },
      release: async () => {
        if (taken === null) return;
        await taken.catch(() => {});
        await this.#edit((locks) => removeLocks(locks, this.#us, wanted));
      },
    };
  }

  get #us(): { pid: number; cmd: string } {
    return { pid: process.pid, cmd: this.#options.cmd };
  }

  /** Look again until nothing blocks. Throws lock/busy when something does for longer than the wait. */
  async #patiently(look: () => Promise<readonly Blocker[]>): Promise<void> {
    const startedMs = tickMs();
    for (let told = false; ; ) {
      const [first] = await look();
      if (first === undefined) return;
      const waitedMs = tickMs() - startedMs;
      if (waitedMs >= this.#options.waitMs) throw busy(first);
      if (!told && waitedMs >= QUIET_MS) {
        this.#options.onWait(`for \`${first.owner.cmd}\` (process ${first.owner.pid}), which holds ${first.held}`);
        told = true;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #locks(): PathLocks {
    return parseLocks('.dvc/tmp/rwlock', readTextIfAny(join(this.#tmp, 'rwlock')));
  }

  async #edit(change: (locks: PathLocks) => PathLocks | null): Promise<void> {
    const release = await this.#flock('rwlock.lock', EDIT_WAIT_MS, () => {});
    try {
      const changed = change(this.#locks());
      if (changed !== null) writeAtomic(join(this.#tmp, 'rwlock'), printLocks(changed), this.#tmp, { fsync: false });
    } finally {
      await release();
    }
  }

  /** Hold a BSD lock through the program `flock`, which Node lacks; without it the path locks have to do. */
  async #flock(name: string, waitMs: number, onWait: () => void): Promise<() => Promise<void>> {
    ensureDir(this.#tmp);
    const timer = setTimeout(onWait, QUIET_MS);
    const lock = await keeper.hold(join(this.#tmp, name), waitMs).finally(() => clearTimeout(timer));
    if (lock !== null) return lock;
    throw new ProblemError({
      code: 'lock/busy',
      message: `a dvc command has held .dvc/tmp/${name} for ${waitMs / 1000} s`,
      hint: 'wait until it is done, then run again',
    });
  }
}

/**
 * A small shell that holds locks on descriptors of its own: starting \`flock\` from it costs a fraction of starting it from
 * Node. It lives as long as this process, so that a kill lets go of everything; its own group keeps Ctrl-C from it.
 */
class Keeper {
  #shell: ChildProcess | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #free = [3, 4, 5, 6, 7, 8, 9];

  /** What lets go, or null when another holds the lock for longer than the wait. */
  async hold(path: string, waitMs: number): Promise<(() => Promise<void>) | null> {
    const fd = this.#free.pop();
    if (fd === undefined) throw new Error('more locks at once than descriptors');
    const drop = async () => {
      await this.#ask(`exec ${fd}>&-; echo`);
      this.#free.push(fd);
    };
    const file = `'${path.replaceAll("'", "'\\''")}'`;
    // Asked again and again: the flock of BusyBox knows no wait, and a shell that waits lets go of nothing.
    const take = `flock -n ${fd} </dev/null; echo $?`;
    const startedMs = tickMs();
    let said = await this.#ask(`exec ${fd}<>${file}; ${take}`);
    while (said === '1' && tickMs() - startedMs < waitMs) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      said = await this.#ask(take);
    }
    // Neither 0 nor 1 is no such program, or a file system that knows no locks.
    if (said !== '1' && said !== null) return drop;
    await drop();
    if (said !== null) return null;
    // A shell that could not open the file is gone.
    throw new ProblemError({
      code: 'store/io',
      message: 'cannot open the lock file of DVC',
      facts: { path },
      hint: 'check the owner and mode of this path',
    });
  }

  /** One line to the shell, one line back; null when it is gone. */
  #ask(line: string): Promise<string | null> {
    const turn = this.#turn.then(() => {
      const shell = this.#start();
      // Only while it is asked does it keep this process from ending.
      shell.ref();
      return new Promise<string | null>((resolve) => {
        const gone = () => resolve(null);
        shell.once('close', gone);
        shell.stdout?.once('data', (text: Buffer) => {
          shell.off('close', gone);
          shell.unref();
          resolve(text.toString().trim());
        });
        shell.stdin?.write(`${line}\n`);
      });
    });
    this.#turn = turn;
    return turn;
  }

  #start(): ChildProcess {
    if (this.#shell !== null) return this.#shell;
    const shell = spawn('/bin/sh', [], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    shell.stdin?.on('error', () => {});
    shell.on('error', () => shell.emit('close'));
    shell.once('close', () => {
      this.#shell = null;
    });
    for (const pipe of [shell.stdin, shell.stdout]) (pipe as unknown as { unref(): void }).unref();
    this.#shell = shell;
    return shell;
  }
}

const keeper = new Keeper();

function busy({ held, mode, owner }: Blocker): ProblemError {
  return new ProblemError({
    code: 'lock/busy',
    message: `\`${owner.cmd}\` (process ${owner.pid}) ${mode === 'write' ? 'is writing' : 'is reading'} what this run would write`,
    facts: { path: held },
    hint: 'wait until it is done, then run again',
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
