// Values of params that pick code: names of a catalog's lines, or `./` paths of project files, which are bundled and keyed like the stage's own.
import type { Json } from '../base/canon.ts';
import type { Path } from '../base/document.ts';

/** One picked value and where it stands in its param. */
export interface Pick {
  readonly param: string;
  readonly path: Path;
  /** Null where the param leaves the choice to the stage: it may take any line of the catalog. */
  readonly name: string | null;
}

/**
 * What a selector picks: `price_model` is a param whose value is a name, a list of names or a map by name; `sources.*.adapter`
 * goes on into maps, `*` into every entry.
 */
export function picksOf(selector: string, values: ReadonlyMap<string, { readonly value: Json }>): Pick[] {
  const [param = '', ...steps] = selector.split('.');
  const picks: Pick[] = [];
  const visit = (value: Json, path: Path, rest: readonly string[]): void => {
    const [step, ...below] = rest;
    if (step !== undefined) {
      const map = new Map<string, Json>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
      for (const key of step === '*' ? map.keys() : [step]) visit(map.get(key) ?? null, [...path, key], below);
    } else if (Array.isArray(value))
      picks.push(...value.map((item, i) => ({ param, path: [...path, i], name: String(item) })));
    else if (typeof value === 'object' && value !== null)
      picks.push(...Object.keys(value).map((name) => ({ param, path: [...path, name], name })));
    else picks.push({ param, path, name: value === null ? null : String(value) });
  };
  visit(values.get(param)?.value ?? null, [], steps);
  return picks;
}

/** The project file that a picked name is, without its `./`; null for a name of the catalog. */
export function pluginFile(name: string | null): string | null {
  return name?.startsWith('./') ? name.slice(2) : null;
}
