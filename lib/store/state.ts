// What a command remembers for the next one, as flat lists: tens of thousands of marks are read and compared within milliseconds.
import { CTIME_AT, MARK_FIELDS, SIZE_AT } from './glance.ts';

/** Two writes within one tick of the file clock leave the same times; younger entries prove nothing (the "racy git" rule). */
export const GRAIN_MS = 12;

/** What a command says when nothing it rests on has changed. */
export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
}

/** What was asked and what there was to say. */
export interface Asked {
  /** Everything besides files that can change an answer, without the command; an answer serves only the same question. */
  readonly question: string;
  /** By command; none when the last one did not end with everything up to date. */
  readonly answers: Readonly<Record<string, Answer>>;
}

/** What the launcher saw when it looked for an answer, for a run that has to be made. */
export interface Looked {
  /** Inode and modification of the state's folder before the first look; whoever takes the lock after that changes it. */
  readonly before: string;
  /** Names that do not look as they are remembered; all others of the last run do. */
  readonly changed: ReadonlySet<string>;
}

export interface State extends Asked {
  /**
   * Where the names are: a folder of the project (empty for the project itself) or an absolute one, how many names come from it, and
   * how many runs ago they were last looked at; only those of this run, which come first, have a part in answers.
   */
  readonly folders: readonly (readonly [string, number, number])[];
  /** Below their folder. */
  readonly names: readonly string[];
  /** The MARK_FIELDS of each name, as a look gives them; size -1 for what is not there. */
  readonly marks: Float64Array;
  /** The newest change of what has a part in answers. */
  readonly newestMs: number;
  /** Every md5, 32 digits a name; blanks for a name without one. */
  readonly md5s: Buffer;
}

/** A number that another byte order and other formats read as another one. */
const FORMAT = 5 + 2 ** -40;
const HEAD_BYTES = 4 * 8;
const MARK_BYTES = MARK_FIELDS * 8;
const MD5_BYTES = 32;

/** Entering a folder costs as much as a few longer names. */
const WORTH_ENTERING = 8;

/** When the file of a row last changed. */
export function ctimeMsOf(marks: ArrayLike<number>, row: number): number {
  const at = MARK_FIELDS * row + CTIME_AT;
  return (marks[at] as number) * 1000 + (marks[at + 1] as number) / 1e6;
}

/** The folder so many levels above a name; empty where there is none. */
function above(name: string, levels: number): string {
  let end = name.length;
  for (let level = 0; level < levels; level++) end = name.lastIndexOf('/', end - 1);
  return name.slice(0, Math.max(0, end));
}

/** From a folder with many names, else from the one above it: one blob in each of 256 folders has 256 short names there. */
function foldersOf(own: readonly number[], names: readonly string[], marks: readonly number[]): [string, number[]][] {
  const found: [string, number[]][] = [];
  let rest = [...own];
  for (let up = 1; up <= 2; up++) {
    const groups = new Map<string, number[]>();
    for (const i of rest) {
      const folder = above(names[i] as string, up);
      const group = groups.get(folder);
      if (group === undefined) groups.set(folder, [i]);
      else group.push(i);
    }
    rest = [];
    for (const [folder, group] of groups) {
      // A folder that is not there cannot be entered.
      const isThere = group.some((i) => marks[MARK_FIELDS * i + SIZE_AT] !== -1);
      if (folder === '' || !isThere || group.length < WORTH_ENTERING) rest.push(...group);
      else found.push([folder, group]);
    }
  }
  return [...found, ['', rest]];
}

/**
 * The bytes of a state: numbers first, where they are aligned, then texts parted by what no path and no JSON holds, then md5s.
 * Names are below the project or absolute; MARK_FIELDS a name, an md5 or an empty text, and how many runs ago it was looked at.
 */
export function encodeState(
  asked: Asked,
  names: readonly string[],
  marks: readonly number[],
  md5s: readonly string[],
  ages: readonly number[] = names.map(() => 0),
): Uint8Array {
  const folders: [string, number, number][] = [];
  const order: number[] = [];
  const texts = [''];
  for (const age of [...new Set(ages)].sort((a, b) => a - b)) {
    const own = names.flatMap((_, i) => (ages[i] === age ? [i] : []));
    for (const [folder, group] of foldersOf(own, names, marks)) {
      folders.push([folder, group.length, age]);
      order.push(...group);
      const cut = folder === '' ? 0 : folder.length + 1;
      for (const i of group) texts.push((names[i] as string).slice(cut));
    }
  }
  texts[0] = JSON.stringify({ question: asked.question, answers: asked.answers, folders });
  const text = Buffer.from(texts.join('\0'));
  const textAt = HEAD_BYTES + MARK_BYTES * order.length;
  const md5At = textAt + text.length;
  const bytes = Buffer.from(new ArrayBuffer(md5At + MD5_BYTES * order.length));
  const numbers = new Float64Array(bytes.buffer, 0, textAt / 8);
  let newestMs = 0;
  let to = HEAD_BYTES / 8;
  for (const i of order) {
    if (ages[i] === 0) newestMs = Math.max(newestMs, ctimeMsOf(marks, i));
    for (let k = 0; k < MARK_FIELDS; k++) numbers[to++] = marks[MARK_FIELDS * i + k] as number;
  }
  numbers.set([FORMAT, order.length, text.length, newestMs]);
  text.copy(bytes, textAt);
  const digests = order.map((i) => (md5s[i] as string).slice(0, MD5_BYTES).padEnd(MD5_BYTES));
  bytes.write(digests.join(''), md5At, 'latin1');
  return bytes;
}

/** How many bytes of a state come before its md5s, which the launcher leaves unread; 0 when these bytes do not begin one. */
export function frontBytes(bytes: Buffer): number {
  if (bytes.byteOffset % 8 !== 0 || bytes.length < HEAD_BYTES) return 0;
  const [format, count = -1, text = -1] = new Float64Array(bytes.buffer, bytes.byteOffset, 3);
  if (format !== FORMAT || !Number.isSafeInteger(count) || !Number.isSafeInteger(text)) return 0;
  return count < 0 || text < 0 ? 0 : HEAD_BYTES + MARK_BYTES * count + text;
}

/** The state in these bytes, whose md5s may be left out, or null when they hold none. */
export function decodeState(bytes: Buffer): State | null {
  const md5At = frontBytes(bytes);
  if (md5At === 0 || md5At > bytes.length) return null;
  const [, count, , newestMs] = new Float64Array(bytes.buffer, bytes.byteOffset, HEAD_BYTES / 8) as unknown as number[];
  const textAt = HEAD_BYTES + MARK_BYTES * (count as number);
  const names = bytes.toString('utf8', textAt, md5At).split('\0');
  try {
    const { question, answers, folders } = JSON.parse(names.shift() as string) as State;
    let named = 0;
    for (const [, many] of folders) named += many;
    if (names.length !== count || named !== count) return null;
    const marks = new Float64Array(bytes.buffer, bytes.byteOffset + HEAD_BYTES, MARK_FIELDS * count);
    return { question, answers, folders, names, marks, newestMs: newestMs as number, md5s: bytes.subarray(md5At) };
  } catch {
    return null;
  }
}

/** The names of a state in its order, each with its folder. */
export function fullNames({ folders, names }: Pick<State, 'folders' | 'names'>): string[] {
  let from = 0;
  return folders.flatMap(([folder, count]) => {
    const own = names.slice(from, from + count);
    from += count;
    return folder === '' ? own : own.map((name) => `${folder}/${name}`);
  });
}
