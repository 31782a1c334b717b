// Reads, prints and edits the text of one `.dvc/config` file: an INI dialect with quoted values and comma lists.
import { nearest } from '../base/nearest.ts';
import type { Place } from '../base/place.ts';
import { type Problem, ProblemError, raise } from '../base/problem.ts';

/** Where a value lives: `core.remote` or, in the section of one named remote, `remote "backup"` and `url`. */
export interface ConfigAddress {
  readonly section: string;
  /** Null in sections that have no name. */
  readonly name: string | null;
  readonly key: string;
}

export interface ConfigEntry extends ConfigAddress {
  /** Text without quotes; a list when there is a bare comma. */
  readonly value: string | readonly string[];
  readonly place: Place;
}

interface Section {
  readonly section: string;
  readonly name: string | null;
  /** Index of the header's line. */
  readonly header: number;
  /** Index of the last line that says something in this section. */
  last: number;
  readonly entries: ConfigEntry[];
}

/** Sections with a name in quotes. */
const NAMED = ['remote', 'machine', 'db'];

const LINK_KEYS = 'type shared slow_link_warning verify protected';
/** Every section and key that some DVC 3 accepts; anything else stops all its commands. Null: any key. */
const KNOWN: Readonly<Record<string, string | null>> = {
  core:
    'remote checksum_jobs interactive analytics hardlink_lock no_scm autostage experiments check_update ' +
    'site_cache_dir machine',
  cache: `dir local s3 gs hdfs webhdfs ssh azure ${LINK_KEYS}`,
  // The options of the services are theirs to check: such remotes are refused when used.
  remote: null,
  machine: null,
  db: 'url username password',
  feature: null,
  state: 'dir row_limit row_cleanup_quota',
  index: 'dir',
  plots: 'html_template auto_open out_dir',
  exp: 'code data models metrics params plots live auto_push git_remote',
  parsing: 'bool list',
  hydra: 'enabled config_dir config_module config_name plugins_path',
  studio: 'token url repo_url offline',
};
const LOCAL_REMOTE = `url checksum_jobs jobs worktree no_traverse version_aware ${LINK_KEYS}`.split(' ');

/** All values of the file in its order. Throws dvc/malformed, with places, for whatever stops DVC from reading it. */
export function parseConfigText(file: string, text: string): ConfigEntry[] {
  return scan(file, text).flatMap((section) => section.entries);
}

/** The text with one value set (null: removed) and every other line as it was; a new section goes where DVC puts it. */
export function editConfigText(file: string, text: string, address: ConfigAddress, value: string | null): string {
  const sections = scan(file, text);
  address = { section: address.section, name: address.name?.toLowerCase() ?? null, key: address.key.toLowerCase() };
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const here = sections.find((s) => s.section === address.section && s.name === address.name);
  const entry = here?.entries.find((e) => e.key === address.key);
  if (value === null) {
    if (here === undefined || entry === undefined) return text;
    lines.splice(entry.place.line - 1, 1);
    if (here.entries.length === 1) lines.splice(here.header, 1);
  } else {
    const line = `    ${address.key} = ${quoted(value, file)}`;
    if (entry !== undefined) lines[entry.place.line - 1] = line;
    else if (here !== undefined) lines.splice(here.last + 1, 0, line);
    else {
      const remotes = NAMED.includes(address.section) ? undefined : sections.find((s) => NAMED.includes(s.section));
      lines.splice(remotes?.header ?? lines.length, 0, headerOf(address, file), line);
    }
  }
  const edited = lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  scan(file, edited);
  return edited;
}

function headerOf({ section, name }: ConfigAddress, file: string): string {
  if (name === null) return `[${section}]`;
  if (/['"\]\n#]/.test(name)) throw new ProblemError(unwritable(file, name));
  return `['${section} "${name}"']`;
}

/** A value in the quotes DVC gives it. */
function quoted(value: string, file: string): string {
  // `%(x)s` would be replaced by another value when read.
  const both = value.includes('"') && value.includes("'");
  if (/[\n\r]|%\([^)]*\)s/.test(value) || both) throw new ProblemError(unwritable(file, value));
  if (value !== '' && !/[,#]|^[\s'"]|[\s'"]$/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}

function unwritable(file: string, value: string): Problem {
  return {
    code: 'dvc/unsupported',
    message: `${file} cannot hold this text in a way DVC reads back`,
    facts: { value },
  };
}

function scan(file: string, text: string): Section[] {
  const problems: Problem[] = [];
  const sections: Section[] = [];
  const placeOf = (index: number, line: string): Place => {
    const lead = line.length - line.trimStart().length;
    return { file, line: index + 1, column: lead + 1, length: Math.max(1, line.trim().length) };
  };
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = raw.replace(/\r$/, '');
    const report = (message: string, hint?: string) =>
      problems.push({
        code: 'dvc/malformed',
        message,
        place: placeOf(index, line),
        ...(hint === undefined ? {} : { hint }),
      });
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    if (trimmed.startsWith('[')) {
      const section = readHeader(trimmed, index, report);
      if (section === null) continue;
      if (sections.some((s) => s.section === section.section && s.name === section.name)) {
        report('This section is there twice', 'Join the two');
      }
      sections.push(section);
      continue;
    }
    const section = sections.at(-1);
    const pair = readPair(trimmed, report);
    if (pair === null) continue;
    if (section === undefined) {
      report('A value must stand in a section', 'Write a line such as [core] above it');
      continue;
    }
    checkKey(section, pair.key, report);
    if (section.entries.some((e) => e.key === pair.key)) report(`${pair.key} is there twice in this section`);
    section.entries.push({ section: section.section, name: section.name, ...pair, place: placeOf(index, line) });
    section.last = index;
  }
  for (const section of sections) checkRemote(section, problems);
  raise(problems);
  return sections;
}

type Report = (message: string, hint?: string) => void;

function readHeader(line: string, index: number, report: Report): Section | null {
  const match = /^\[\s*('[^']*'|"[^"]*"|[^'"\s[\]][^\]]*?)\s*\]\s*(?:#.*)?$/.exec(line);
  if (match === null) {
    report('This is not a section', `Write [core] or ['remote "name"']`);
    return null;
  }
  const title = match[1]!.replace(/^(['"])(.*)\1$/, '$2').toLowerCase();
  const named = /^\s*(remote|machine|db)\s*"(.*)"\s*$/.exec(title);
  const section = named === null ? title : named[1]!;
  const name = named === null ? null : named[2]!;
  if (named === null && (NAMED.includes(section) || !Object.hasOwn(KNOWN, section))) {
    const meant = nearest(section, Object.keys(KNOWN));
    report(
      `DVC knows no section ${JSON.stringify(section)}`,
      meant === null || meant === section ? undefined : `Did you mean ${meant}?`,
    );
  }
  return { section, name, header: index, last: index, entries: [] };
}

function readPair(line: string, report: Report): { key: string; value: string | readonly string[] } | null {
  const match = /^("[^"]*"|'[^']*'|[^'"=\s][^=]*?)\s*=\s*(.*)$/.exec(line);
  if (match === null) {
    report('This is neither a section nor `key = value`');
    return null;
  }
  const value = readValue(match[2]!);
  if (value === null) {
    report('The quotes or commas of this value do not match', 'Put the whole value in double quotes');
    return null;
  }
  if ([value].flat().some((item) => /%\([^)]*\)s/.test(item))) {
    report('DVC would replace %(…)s by another value', 'Write the value out');
    return null;
  }
  return { key: match[1]!.replace(/^(['"])(.*)\1$/, '$2').toLowerCase(), value };
}

/** A text, or a list when there is a bare comma; null when quotes do not close. A `#` outside quotes starts a comment. */
function readValue(text: string): string | string[] | null {
  if (/^(?:'''|""")/.test(text)) return null;
  const items: string[] = [];
  let rest = text;
  let isListed = false;
  for (;;) {
    // Quotes end where a comma, a comment or the end follows, so `"a"b"` is the text a"b.
    const item = /^\s*(?:(["'])(.*?)\1|([^"',#\s][^,#]*?)|)\s*(?=,|#|$)/.exec(rest);
    if (item === null) return null;
    const value = item[2] ?? item[3];
    rest = rest.slice(item[0].length);
    if (rest.startsWith(',')) {
      if (value === undefined && (items.length > 0 || rest.replace(/#.*/, '').trim() !== ',')) return null;
      if (value !== undefined) items.push(value);
      isListed = true;
      rest = rest.slice(1);
      continue;
    }
    if (value !== undefined) items.push(value);
    return isListed ? items : (value ?? '');
  }
}

function checkKey(section: Section, key: string, report: Report): void {
  const known = KNOWN[section.section]?.split(' ');
  if (known === undefined || known.includes(key)) return;
  const meant = nearest(key, known);
  report(
    `DVC knows no key ${JSON.stringify(key)} in ${section.section}`,
    meant === null ? undefined : `Did you mean ${meant}?`,
  );
}

/** The keys of a local remote are checked; those of services are theirs. */
function checkRemote(section: Section, problems: Problem[]): void {
  const url = section.entries.find((entry) => entry.key === 'url')?.value;
  // Without a url here, another file has it; with a host in it, a service answers.
  if (section.section !== 'remote' || typeof url !== 'string' || /^\w[\w+.-]*:\/\/[^/]/.test(url)) return;
  for (const entry of section.entries) {
    if (LOCAL_REMOTE.includes(entry.key)) continue;
    const message = `DVC knows no key ${JSON.stringify(entry.key)} for a local remote`;
    problems.push({ code: 'dvc/malformed', message, place: entry.place });
  }
}
