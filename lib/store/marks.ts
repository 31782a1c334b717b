// The memory of what files looked like when their md5 was known, so that an unchanged file is never read again.
import * as fs from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { nowMs } from '../base/clock.ts';
import type { Md5 } from '../base/digest.ts';
import { errorCode, hashFile, type Mark, mark, sameMark, writeAtomic } from './files.ts';

/** Two writes within one tick of the file clock leave the same times; younger entries prove nothing (the "racy git" rule). */
export const GRAIN_MS = 12;

/** A file that was asked for and is not there: its appearing is a change too. */
const ABSENT: Mark = { size: -1, mtimeMs: 0, ctimeMs: 0, ino: 0 };

/** Flat lists, because the launcher reads thousands of entries within a few milliseconds. */
export interface StateFile {
  readonly format: 2;
  /** What was asked and under which build; the fast path serves only the same question. */
  readonly question: string;
  /** Absent when the last run did not end with everything up to date. */
  readonly answer?: unknown;
  readonly paths: readonly string[];
  /** size, mtimeMs, ctimeMs, ino of each path. */
  readonly marks: readonly number[];
  /** md5 of each path; empty for a folder. */
  readonly md5s: readonly string[];
}

interface Row {
  readonly mark: Mark;
  readonly md5: string;
  readonly trusted: boolean;
}

export class Marks {
  readonly #root: string;
  readonly #inside: string;
  readonly #file: string;
  readonly #rows = new Map<string, Row>();
  /** Paths looked at or made in this run: only they are saved, so the file never outgrows the project. */
  readonly #seen = new Set<string>();
  /** Bytes read for hashing because no mark vouched for them; tests count it. */
  hashedFiles = 0;

  constructor(root: string, file: string) {
    this.#root = root;
    this.#inside = `${root}/`;
    this.#file = file;
    try {
      const savedAtMs = fs.statSync(file).mtimeMs;
      const state = JSON.parse(fs.readFileSync(file, 'utf8')) as StateFile;
      if (state.format !== 2) return;
      state.paths.forEach((path, i) => {
        const [size, mtimeMs, ctimeMs, ino] = state.marks.slice(4 * i, 4 * i + 4) as [number, number, number, number];
        const trusted = ctimeMs + GRAIN_MS < savedAtMs;
        this.#rows.set(path, { mark: { size, mtimeMs, ctimeMs, ino }, md5: state.md5s[i] ?? '', trusted });
      });
    } catch (error) {
      // A missing or torn state file only costs re-hashing.
      if (!(error instanceof SyntaxError || error instanceof TypeError || errorCode(error))) throw error;
      this.#rows.clear();
    }
  }

  /** Relative to the project with `/`, or absolute for what lies outside; paths come joined and normal. */
  #name(path: string): string {
    if (path.startsWith(this.#inside)) return path.slice(this.#inside.length);
    return path;
  }

  /** The file's md5: remembered when its mark still holds, else read; null when there is no such file. */
  md5(path: string): { md5: Md5; size: number } | null {
    const found = mark(path);
    const name = this.#name(path);
    this.#seen.add(name);
    if (found === null) {
      this.#rows.set(name, { mark: ABSENT, md5: '', trusted: false });
      return null;
    }
    const row = this.#rows.get(name);
    if (row?.trusted && row.md5 !== '' && sameMark(row.mark, found)) return { md5: row.md5 as Md5, size: found.size };
    // One read within a tick of its last change may change once more and look the same.
    const trusted = found.ctimeMs + GRAIN_MS < nowMs();
    this.hashedFiles++;
    const { md5, size } = hashFile(path);
    this.#rows.set(name, { mark: found, md5, trusted });
    return { md5, size };
  }

  /** Whether the file is there with exactly these bytes. */
  holds(path: string, md5: string): boolean {
    return this.md5(path)?.md5 === md5;
  }

  /** Remember a file this process has just written with known bytes. */
  note(path: string, md5: string): void {
    const found = mark(path);
    if (found === null) return;
    const name = this.#name(path);
    this.#seen.add(name);
    this.#rows.set(name, { mark: found, md5, trusted: true });
  }

  /** Remember two names of one file, as a hard link leaves them. */
  noteTwo(path: string, other: string, md5: string): Mark {
    const found = mark(path) as Mark;
    for (const one of [path, other]) {
      const name = this.#name(one);
      this.#seen.add(name);
      this.#rows.set(name, { mark: found, md5, trusted: true });
    }
    return found;
  }

  /** Watch a folder, or a file whose bytes matter only to the fast path. */
  watch(path: string): void {
    this.note(path, '');
  }

  forget(path: string): void {
    const name = this.#name(path);
    this.#rows.delete(name);
    this.#seen.delete(name);
  }

  /** Save what was seen. With an answer, wait out the clock's grain first, so that the next run may trust every entry. */
  save(tmp: string, question: string, given?: unknown): void {
    const answer = given !== undefined && this.#areStill() ? given : undefined;
    const paths: string[] = [];
    const marks: number[] = [];
    const md5s: string[] = [];
    let newestMs = 0;
    for (const name of this.#seen) {
      const row = this.#rows.get(name);
      if (row === undefined || isYoung(row)) continue;
      const { size, mtimeMs, ctimeMs, ino } = row.mark;
      paths.push(name);
      marks.push(size, mtimeMs, ctimeMs, ino);
      md5s.push(row.md5);
      newestMs = Math.max(newestMs, ctimeMs);
    }
    const text = JSON.stringify({ format: 2, question, answer, paths, marks, md5s } satisfies StateFile);
    // The file clock ticks behind the system's; look at what it stamped rather than guess.
    for (let tries = 0; tries < 8; tries++) {
      const waitMs = Math.ceil(newestMs + GRAIN_MS + 2 - nowMs()) + tries * 2;
      const worth = answer !== undefined && waitMs < 100;
      if (worth) sleep(waitMs);
      writeAtomic(this.#file, text, tmp, { fsync: false });
      if (!worth || fs.statSync(this.#file).mtimeMs > newestMs + GRAIN_MS) return;
    }
  }

  /** Read once more what was too young when it was read: whether all of it still has the bytes it had then. */
  #areStill(): boolean {
    let still = true;
    for (const name of this.#seen) {
      const row = this.#rows.get(name);
      if (row === undefined || !isYoung(row)) continue;
      const waitMs = Math.ceil(row.mark.ctimeMs + GRAIN_MS + 1 - nowMs());
      if (waitMs < 100) sleep(waitMs);
      const now = this.md5(this.path(name));
      const after = this.#rows.get(name);
      if (now?.md5 !== row.md5 || after === undefined || isYoung(after)) still = false;
    }
    return still;
  }

  /** Absolute path of a remembered name. */
  path(name: string): string {
    return isAbsolute(name) ? name : join(this.#root, name);
  }
}

/** Whether the file was read within a tick of its last change. */
function isYoung({ md5, trusted }: Row): boolean {
  return md5 !== '' && !trusted;
}

function sleep(ms: number): void {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
