// The memory of what files looked like when their md5 was known, so that an unchanged file is never read again.
import * as fs from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { nowMs } from '../base/clock.ts';
import type { Md5 } from '../base/digest.ts';
import { errorCode, hashFile, statIfAny, writeAtomic } from './files.ts';
import { type Look, MARK_FIELDS, type Mark } from './glance.ts';
import { type Answer, ctimeMsOf, decodeState, encodeState, fullNames, GRAIN_MS, type Looked } from './state.ts';

/** What a row may be: read later than a tick after its last change; looked at or made in this run. */
const TRUSTED = 1;
const SEEN = 2;

/** One row a path in flat lists, because a project may have hundreds of thousands of them. */
export class Marks {
  readonly #root: string;
  readonly #inside: string;
  readonly #file: string;
  readonly #rows = new Map<string, number>();
  readonly #names: string[] = [];
  /** The MARK_FIELDS of each row; size -1 for a file that was asked for and is not there: its appearing is a change too. */
  #marks: number[] = [];
  /** Empty where no bytes are vouched for. */
  readonly #md5s: string[] = [];
  readonly #flags: number[] = [];
  /** How many runs ago each row was last seen, before this one. */
  readonly #ages: number[] = [];
  #changed: ReadonlySet<string> | null = null;
  /** Bytes read for hashing because no mark vouched for them; tests count it. */
  hashedFiles = 0;

  constructor(root: string, file: string) {
    this.#root = root;
    this.#inside = `${root}/`;
    this.#file = file;
    try {
      const savedAtMs = fs.statSync(file).mtimeMs;
      // A missing or torn state file only costs re-hashing.
      const state = decodeState(fs.readFileSync(file));
      if (state === null || state.md5s.length !== 32 * state.names.length) return;
      const md5s = state.md5s.toString('latin1');
      this.#names = fullNames(state);
      this.#marks = Array.from(state.marks);
      for (const [, count, age] of state.folders) for (let k = 0; k < count; k++) this.#ages.push(age);
      this.#names.forEach((name, row) => {
        this.#rows.set(name, row);
        this.#md5s.push(md5s.slice(32 * row, 32 * row + 32).trimEnd());
        this.#flags.push(ctimeMsOf(state.marks, row) + GRAIN_MS < savedAtMs ? TRUSTED : 0);
      });
    } catch (error) {
      if (!errorCode(error)) throw error;
    }
  }

  /** Relative to the project with `/`, or absolute for what lies outside; paths come joined and normal. */
  #name(path: string): string {
    return path.startsWith(this.#inside) ? path.slice(this.#inside.length) : path;
  }

  /** The row of a path, seen from now on. */
  #row(path: string): number {
    const name = this.#name(path);
    let row = this.#rows.get(name);
    if (row === undefined) {
      row = this.#names.length;
      this.#rows.set(name, row);
      this.#names.push(name);
      this.#marks.push(0, -1, 0, 0, 0, 0);
      this.#md5s.push('');
      this.#flags.push(0);
      this.#ages.push(0);
    }
    this.#flags[row] = (this.#flags[row] as number) | SEEN;
    return row;
  }

  #set(row: number, stat: Mark, md5: string, trusted: boolean): void {
    const marks = this.#marks;
    let at = MARK_FIELDS * row;
    marks[at++] = stat.ino;
    marks[at++] = stat.size;
    marks[at++] = stat.mtimeS;
    marks[at++] = stat.mtimeNs;
    marks[at++] = stat.ctimeS;
    marks[at] = stat.ctimeNs;
    this.#md5s[row] = md5;
    this.#flags[row] = trusted ? SEEN | TRUSTED : SEEN;
  }

  #looksAs(row: number, stat: Mark): boolean {
    const marks = this.#marks;
    let at = MARK_FIELDS * row;
    return (
      stat.ino === marks[at++] &&
      stat.size === marks[at++] &&
      stat.mtimeS === marks[at++] &&
      stat.mtimeNs === marks[at++] &&
      stat.ctimeS === marks[at++] &&
      stat.ctimeNs === marks[at]
    );
  }

  /** The file's md5: remembered when its mark still holds, else read; null when there is no such file. Who has just looked gives what was seen. */
  md5(path: string, stat: Mark | undefined = statIfAny(path)): { md5: Md5; size: number } | null {
    const row = this.#row(path);
    if (stat === undefined) {
      this.#set(row, ABSENT, '', false);
      return null;
    }
    const known = this.#md5s[row] as Md5;
    if (known !== '' && ((this.#flags[row] as number) & TRUSTED) !== 0 && this.#looksAs(row, stat))
      return { md5: known, size: stat.size };
    // One read within a tick of its last change may change once more and look the same.
    const trusted = stat.ctimeMs + GRAIN_MS < nowMs();
    this.hashedFiles++;
    const { md5, size } = hashFile(path, stat.size);
    this.#set(row, stat, md5, trusted);
    return { md5, size };
  }

  /** Whether the file is there with exactly these bytes. */
  holds(path: string, md5: string, stat?: Mark): boolean {
    return this.md5(path, stat)?.md5 === md5;
  }

  /** Remember a file this process has just written with known bytes; `at` is where it lies until its folder is renamed. */
  note(path: string, md5: string, at = path): void {
    const found = statIfAny(at);
    if (found !== undefined) this.#set(this.#row(path), found, md5, true);
  }

  /** Remember two names of one file, as a hard link leaves them. Returns its size. */
  noteTwo(path: string, other: string, md5: string, at = path): number {
    const found = statIfAny(at) as Look;
    this.#set(this.#row(path), found, md5, true);
    this.#set(this.#row(other), found, md5, true);
    return found.size;
  }

  /** Until `doubt`, take what was looked at a moment ago at its word. */
  vouch({ changed }: Looked): void {
    this.#changed = changed;
  }

  get isVouched(): boolean {
    return this.#changed !== null;
  }

  /** From now on anything may change: look at every file again. */
  doubt(): void {
    this.#changed = null;
  }

  /** Whether the file was looked at a moment ago and is the one that had these bytes. */
  stands(path: string, md5: string): boolean {
    if (this.#changed === null) return false;
    const name = this.#name(path);
    const row = this.#rows.get(name);
    if (row === undefined || this.#ages[row] !== 0 || this.#md5s[row] !== md5 || this.#changed.has(name)) return false;
    const flags = this.#flags[row] as number;
    this.#flags[row] = flags | SEEN;
    return (flags & TRUSTED) !== 0;
  }

  /** Watch a folder, or a file whose bytes matter only to the fast path. */
  watch(path: string): void {
    this.note(path, '');
  }

  forget(path: string): void {
    const row = this.#row(path);
    this.#rows.delete(this.#names[row] as string);
    this.#flags[row] = 0;
    this.#md5s[row] = '';
  }

  /**
   * Save what was seen, and for a run that did not look at everything (`isPart`) what the runs before it knew of other files.
   * With answers, wait out the clock's grain first, so that the next run may trust every entry.
   */
  save(tmp: string, question: string, given?: Readonly<Record<string, Answer>>, isPart = false): void {
    const answers = given !== undefined && this.#areStill() ? given : null;
    const names: string[] = [];
    const marks: number[] = [];
    const md5s: string[] = [];
    const ages: number[] = [];
    let newestMs = 0;
    for (let row = 0; row < this.#names.length; row++) {
      const age = this.#isSeen(row) ? 0 : (this.#ages[row] as number) + 1;
      if (age > 0 && !(isPart && age <= MOST_PARTS && this.#md5s[row] !== '')) continue;
      if (this.#isYoung(row)) continue;
      ages.push(age);
      names.push(this.#names[row] as string);
      for (let k = 0; k < MARK_FIELDS; k++) marks.push(this.#marks[MARK_FIELDS * row + k] as number);
      md5s.push(this.#md5s[row] as string);
      newestMs = Math.max(newestMs, ctimeMsOf(this.#marks, row));
    }
    const bytes = encodeState({ question, answers: answers ?? {} }, names, marks, md5s, ages);
    // The file clock ticks behind the system's; look at what it stamped rather than guess.
    for (let tries = 0; tries < 8; tries++) {
      const waitMs = Math.ceil(newestMs + GRAIN_MS + 2 - nowMs()) + tries * 2;
      const worth = answers !== null && waitMs < 100;
      if (worth) sleep(waitMs);
      writeAtomic(this.#file, bytes, tmp, { fsync: false });
      if (!worth || fs.statSync(this.#file).mtimeMs > newestMs + GRAIN_MS) return;
    }
  }

  /** Read once more what was too young when it was read: whether all of it still has the bytes it had then. */
  #areStill(): boolean {
    let still = true;
    for (let row = 0; row < this.#names.length; row++) {
      if (!this.#isSeen(row) || !this.#isYoung(row)) continue;
      const before = this.#md5s[row];
      const waitMs = Math.ceil(ctimeMsOf(this.#marks, row) + GRAIN_MS + 1 - nowMs());
      if (waitMs < 100) sleep(waitMs);
      const now = this.md5(this.path(this.#names[row] as string));
      if (now?.md5 !== before || this.#isYoung(row)) still = false;
    }
    return still;
  }

  #isSeen(row: number): boolean {
    return ((this.#flags[row] as number) & SEEN) !== 0;
  }

  /** Whether the file was read within a tick of its last change. */
  #isYoung(row: number): boolean {
    return this.#md5s[row] !== '' && ((this.#flags[row] as number) & TRUSTED) === 0;
  }

  /** Absolute path of a remembered name. */
  path(name: string): string {
    return isAbsolute(name) ? name : join(this.#root, name);
  }
}

/** Runs of a part of the pipeline over which a file that none of them looked at is remembered: the memory never outgrows the project by more. */
const MOST_PARTS = 4;

const ABSENT: Mark = { ino: 0, size: -1, mtimeS: 0, mtimeNs: 0, ctimeS: 0, ctimeNs: 0, mtimeMs: 0, ctimeMs: 0 };

function sleep(ms: number): void {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
