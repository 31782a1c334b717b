// Compiles stage sources and says what each can reach: what is keyed is what the bundle was made from (settled point 1).
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Metafile } from 'esbuild';
import { nowMs } from '../base/clock.ts';
import { type GitOid, gitBlob, type Md5, md5, sha256 } from '../base/digest.ts';
import { type Problem, ProblemError } from '../base/problem.ts';
import { ensureDir, mark, readBytes, readTextIfAny, writeAtomic } from '../store/files.ts';
import type { Marks } from '../store/marks.ts';
import { GRAIN_MS } from '../store/state.ts';
import { compiledKernel, kernels, kernelsFile } from './kernels.ts';
import { packageIntegrity } from './packages.ts';

/** One source file of a bundle: its ids and what it imports. */
interface Source {
  readonly md5: Md5;
  readonly oid: GitOid;
  /** Files it always loads. */
  readonly static: readonly string[];
  /** File it may load -> the catalog line that names it. */
  readonly lazy: Readonly<Record<string, string>>;
  /** Packages it imports. */
  readonly packages: readonly string[];
  /** For a file with lazy lines: the id of its text without them. */
  readonly rest: GitOid;
}

export interface BuiltCode {
  readonly format: 1;
  /** What this was built with: tool version and lock file. */
  readonly builtWith: string;
  /** Entry -> bundle file name in the code folder. */
  readonly bundles: Readonly<Record<string, string>>;
  readonly sources: Readonly<Record<string, Source>>;
  /** `npm:name@version` of each package -> its integrity, and what it brings along. */
  readonly packages: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface CodeRoots {
  readonly project: string;
  /** Where this package's own lib/ and stages/ lie; equals `project` in a checkout. */
  readonly own: string;
  readonly codeDir: string;
  readonly tmp: string;
}

/** Shown name of a source: below the project as it is, below this package with its name in front; null when it is elsewhere. */
function shownName(roots: CodeRoots, path: string): string | null {
  const [mine, ours] = [roots.project, roots.own].map((root) => relative(root, path).split(sep).join('/'));
  const isInside = (name: string | undefined) => name !== undefined && !name.startsWith('../') && !isAbsolute(name);
  // Where one of the two lies in the other (installed in the project, or a project in a checkout), the inner one is meant.
  const isOurs = roots.own !== roots.project && isInside(ours) && (!isInside(mine) || ours!.length < mine!.length);
  if (isOurs) return `marketloom/${ours}`;
  return isInside(mine) ? mine! : null;
}

export function sourcePath(roots: CodeRoots, shown: string): string {
  if (roots.own !== roots.project && shown.startsWith('marketloom/'))
    return join(roots.own, shown.slice('marketloom/'.length));
  return join(roots.project, shown);
}

/** The code of these entries, built again only when a source, the lock file or the builder differs. */
export async function buildCode(roots: CodeRoots, entries: readonly string[], marks: Marks): Promise<BuiltCode> {
  const locks = [roots.project, roots.own].map((root) => marks.md5(join(root, 'package-lock.json'))?.md5 ?? null);
  const compiled = marks.md5(kernelsFile(roots.own))?.md5 ?? null;
  const builtWith = sha256(JSON.stringify([3, locks, compiled, roots.project, roots.own]));
  const index = join(roots.codeDir, 'index.json');
  const known = readIndex(index);
  if (known !== null && known.builtWith === builtWith && isFresh(roots, known, entries, marks)) return known;

  ensureDir(roots.codeDir);
  const { outputs, sources, packages } = await compileWhole(roots, entries, marks);
  const bundles: Record<string, string> = {};
  for (const [entry, text] of outputs) {
    const name = `${basename(entry).replace(/\W+/g, '-')}-${md5(text)}.cjs`;
    writeAtomic(join(roots.codeDir, name), text, roots.tmp, { fsync: false });
    marks.note(join(roots.codeDir, name), md5(text));
    bundles[entry] = name;
  }
  const built: BuiltCode = { format: 1, builtWith, bundles, sources, packages };
  writeAtomic(index, JSON.stringify(built), roots.tmp, { fsync: false });
  return built;
}

function readIndex(path: string): BuiltCode | null {
  try {
    const value = JSON.parse(readTextIfAny(path) ?? 'null') as BuiltCode | null;
    return value?.format === 1 ? value : null;
  } catch {
    return null;
  }
}

function isFresh(roots: CodeRoots, known: BuiltCode, entries: readonly string[], marks: Marks): boolean {
  return (
    entries.every((entry) => {
      const name = known.bundles[entry];
      // A bundle is named by its md5, so one that a crash or a hand left torn is not run.
      return name !== undefined && marks.holds(join(roots.codeDir, name), name.slice(-36, -4));
    }) && Object.entries(known.sources).every(([shown, source]) => marks.holds(sourcePath(roots, shown), source.md5))
  );
}

/** Compile, and read what went in; once more when a source was written meanwhile, so that what runs is what is keyed. */
async function compileWhole(roots: CodeRoots, entries: readonly string[], marks: Marks) {
  for (let tries = 0; ; tries++) {
    const startedMs = nowMs();
    const { metafile, outputs } = await compile(roots, entries);
    const { sources, packages } = readSources(roots, metafile);
    const paths = Object.keys(sources).map((shown) => sourcePath(roots, shown));
    // The fast path and the next run watch them from now on.
    const steady = Object.entries(sources).every(([shown, source]) =>
      marks.holds(sourcePath(roots, shown), source.md5),
    );
    const old = paths.every((path) => (mark(path)?.ctimeMs ?? Number.POSITIVE_INFINITY) + GRAIN_MS < startedMs);
    if (steady && (old || tries > 1)) return { outputs, sources, packages };
    if (tries > 9) {
      throw new ProblemError({
        code: 'code/stale',
        message: 'stage code changes while it is compiled',
        hint: 'run again when it is saved',
      });
    }
  }
}

async function compile(roots: CodeRoots, entries: readonly string[]) {
  const { build } = await import('esbuild');
  try {
    const result = await build({
      absWorkingDir: roots.project,
      entryPoints: entries.map((entry) => sourcePath(roots, entry)),
      outdir: roots.codeDir,
      // Flat, as the bundles are written: the paths in their source maps are relative to where they lie.
      entryNames: '[name]-[hash]',
      write: false,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      supported: { 'dynamic-import': false },
      metafile: true,
      sourcemap: 'inline',
      sourcesContent: false,
      packages: 'external',
      alias: { marketloom: roots.own },
      logLevel: 'silent',
      // A tsconfig.json is not in any key, so it must not reach a bundle.
      tsconfigRaw: {},
      plugins: [kernels(roots.own)],
    });
    const texts = new Map(result.outputFiles.map((file) => [resolve(file.path), file.text]));
    const outputs = new Map<string, string>();
    for (const [path, output] of Object.entries(result.metafile.outputs)) {
      if (!output.entryPoint) continue;
      const shown = shownName(roots, resolve(roots.project, output.entryPoint)) as string;
      outputs.set(shown, texts.get(resolve(roots.project, path)) as string);
    }
    return { metafile: result.metafile, outputs };
  } catch (error) {
    const found = (
      error as {
        errors?: {
          text: string;
          location: { file: string; line: number; column: number; length: number } | null;
          detail: unknown;
        }[];
      }
    ).errors;
    if (!Array.isArray(found)) throw error;
    const refused = found.find(({ detail }) => detail instanceof ProblemError);
    if (refused !== undefined) throw refused.detail;
    throw new ProblemError(
      found.map(
        ({ text, location }): Problem => ({
          code: 'code/build-failed',
          message: text,
          ...(location && {
            place: {
              ...location,
              file: shownName(roots, resolve(roots.project, location.file)) ?? location.file,
              column: location.column + 1,
            },
          }),
        }),
      ),
    );
  }
}

function readSources(roots: CodeRoots, metafile: Metafile): Pick<BuiltCode, 'sources' | 'packages'> {
  const sources: Record<string, Source> = {};
  const brought: Record<string, Readonly<Record<string, string>>> = {};
  for (const path of Object.keys(metafile.inputs).sort()) {
    const absolute = resolve(roots.project, path);
    const bytes = readBytes(absolute);
    const text = Buffer.from(bytes).toString('utf8');
    const statics: string[] = [];
    const packages: string[] = [];
    const lazy: Record<string, string> = {};
    for (const used of metafile.inputs[path]?.imports ?? []) {
      if (used.external) {
        // `<runtime>` is esbuild's own, which decodes a kernel.
        if (!used.path.startsWith('node:') && used.path !== '<runtime>') packages.push(packageName(used.path));
        continue;
      }
      const target = shownName(roots, resolve(roots.project, used.path));
      if (target === null) {
        throw new ProblemError({
          code: 'code/build-failed',
          message: `\`${path}\` imports \`${used.original ?? used.path}\`, which lies outside the project`,
          hint: 'a clone would not have it: move it into the project, or install it as a package',
        });
      }
      const line = used.kind === 'dynamic-import' ? catalogLine(text, used.original ?? '') : null;
      if (line === null) statics.push(target);
      else lazy[target] = line;
    }
    if (path.endsWith('.as.ts')) {
      const kernel = compiledKernel(roots.own, absolute);
      for (const file of kernel.sources.filter((file) => file !== absolute)) {
        const shown = shownName(roots, file) as string;
        const [bytes, oid] = [readBytes(file), gitBlob(readBytes(file))];
        sources[shown] ??= { md5: md5(bytes), oid, static: [], lazy: {}, packages: [], rest: oid };
        statics.push(shown);
      }
      packages.push('assemblyscript');
      brought['assemblyscript'] = kernel.compiler;
    }
    let rest = text;
    for (const line of Object.values(lazy)) rest = rest.replace(`${line}\n`, '');
    // Entries lie inside, and what they import was looked at.
    sources[shownName(roots, absolute) as string] = {
      md5: md5(bytes),
      oid: gitBlob(bytes),
      static: [...new Set(statics)].sort(),
      lazy,
      packages: [...new Set(packages)].sort(),
      rest: gitBlob(Buffer.from(rest)),
    };
    for (const name of packages) brought[name] ??= packageIntegrity(roots, name);
  }
  return { sources, packages: brought };
}

/** A catalog entry is one line: `  name: () => import('./name.ts'),`; any other dynamic import counts as always loaded. */
function catalogLine(text: string, specifier: string): string | null {
  const lines = text.split('\n').filter((line) => line.includes(`import('${specifier}')`));
  return lines.length === 1 && /^\s*'?[\w-]+'?: \(\) => import\('[^']+'\),?$/.test(lines[0] as string)
    ? (lines[0] as string)
    : null;
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Names of the catalog lines that a unit's params pick. */
export type Selection = Readonly<Record<string, readonly string[]>>;

/**
 * Everything an entry reaches under a selection, as shown name -> id. A catalog contributes its selected lines and the code
 * behind them, not every entry: a new model leaves the keys of the others alone (settled point 2).
 */
export function reach(built: BuiltCode, entry: string, selection: Selection): Record<string, string> {
  const code: Record<string, string> = {};
  const visit = (shown: string) => {
    if (shown in code) return;
    const source = built.sources[shown];
    if (source === undefined) throw new Error(`no source ${shown} in the built code`);
    const lines = Object.entries(source.lazy);
    if (lines.length === 0) code[shown] = source.oid;
    else {
      const wanted = selection[shown];
      // A name the catalog does not have will be refused by the stage; keying by every line is the safe answer until then.
      const known = wanted?.every((name) => lines.some(([, line]) => lineName(line) === name)) ?? false;
      const taken = lines.filter(([, line]) => !known || wanted?.includes(lineName(line)));
      code[shown] = gitBlob(
        Buffer.from([source.rest, ...taken.map(([, line]) => line.trim().replace(/,$/, ''))].join('\n')),
      );
      for (const [target] of taken) visit(target);
    }
    for (const name of source.packages) Object.assign(code, built.packages[name]);
    for (const target of source.static) visit(target);
  };
  visit(entry);
  return code;
}

function lineName(line: string): string {
  return line.trim().split(':')[0]?.replaceAll("'", '') ?? '';
}

/** The names a catalog offers. */
export function catalogNames(built: BuiltCode, catalog: string): string[] {
  return Object.values(built.sources[catalog]?.lazy ?? {}).map(lineName);
}
