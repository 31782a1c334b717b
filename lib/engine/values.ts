// Gives params and maps their values: literals as they stand, `$path` from the resolved configuration, checked by the stage's schema.
import type { Json } from '../base/canon.ts';
import type { Document, Path } from '../base/document.ts';
import { nearest } from '../base/nearest.ts';
import type { Problem } from '../base/problem.ts';
import { checkValue } from '../base/schema.ts';
import type { Declaration, ParamSpec, RawStage, StageSpec } from './spec.ts';

export type Report = (
  code: Problem['code'],
  message: string,
  path: Path,
  which: 'key' | 'value',
  hint?: string | null,
) => void;

/** What may name a shard, and so a file: no path, no control character, no leading dot. */
const SAFE_ELEMENT = /^(?!.*\.\.)[A-Za-z0-9^][A-Za-z0-9._^=-]{0,63}$/;

export class Values {
  readonly #document: Document;
  readonly #values: { readonly [key: string]: Json } | null;
  readonly #report: Report;
  readonly #push: (problem: Problem) => void;

  constructor(
    document: Document,
    values: { readonly [key: string]: Json } | null,
    report: Report,
    push: (problem: Problem) => void,
  ) {
    this.#document = document;
    this.#values = values;
    this.#report = report;
    this.#push = push;
  }

  /** Params of a stage whose code declares them. */
  declared(name: string, raw: RawStage, declaration: Declaration): ParamSpec[] {
    const known = declaration.params.properties;
    const params: ParamSpec[] = [];
    for (const [param, value] of Object.entries(raw.params ?? {})) {
      if (!Object.hasOwn(known, param)) {
        const close = nearest(param, Object.keys(known));
        this.#report(
          'spec/unknown-param',
          `stage \`${name}\` has no param \`${param}\``,
          ['stages', name, 'params', param],
          'key',
          close ? `did you mean \`${close}\`?` : `its params: ${Object.keys(known).join(', ') || 'none'}`,
        );
        continue;
      }
      params.push(this.param(name, param, value));
    }
    // A reference that leads nowhere has been told; its value would only be an echo.
    if (params.some((param) => 'isLost' in param)) return params;
    const given = Object.fromEntries(params.map(({ name: param, value }) => [param, value]));
    if (raw.map) given[raw.map.as] = 'element';
    const placeOf = (path: Path, which: 'key' | 'value') =>
      this.#document.place(
        path.length === 0 || !(raw.params && Object.hasOwn(raw.params, path[0] as string))
          ? ['stages', name]
          : ['stages', name, 'params', path[0] as string],
        path.length === 0 ? 'key' : which,
      );
    for (const problem of checkValue(declaration.params, given as Json, placeOf)) {
      this.#push({
        ...problem,
        code: 'spec/bad-param',
        message: `params of stage \`${name}\`: ${problem.message}`,
      });
    }
    return params;
  }

  param(stage: string, name: string, given: Json): ParamSpec & { readonly isLost?: true } {
    if (typeof given !== 'string' || !given.startsWith('$')) return { name, shown: `${stage}.${name}`, value: given };
    const value = this.#lookUp(given, ['stages', stage, 'params', name]);
    if (value === undefined) return { name, shown: given.slice(1), value: null, isLost: true };
    return { name, shown: given.slice(1), value };
  }

  map(name: string, raw: RawStage): StageSpec['map'] {
    if (raw.map === undefined) return null;
    const { over, as } = raw.map;
    const at: Path = ['stages', name, 'map', 'over'];
    const value = typeof over === 'string' && over.startsWith('$') ? this.#lookUp(over, at) : over;
    const elements = Array.isArray(value) ? value.map(String) : [];
    if (value === undefined) return { elements, as };
    if (!Array.isArray(value) || elements.length === 0) {
      this.#report(
        'spec/bad-param',
        `stage \`${name}\` must be mapped over a list with at least one element`,
        at,
        'value',
      );
    }
    for (const element of elements) {
      if (!SAFE_ELEMENT.test(element))
        this.#report(
          'config/unsafe-name',
          `\`${element}\` cannot name a shard`,
          at,
          'value',
          'use letters, digits, and . _ ^ = - inside',
        );
    }
    if (new Set(elements).size < elements.length)
      this.#report(
        'spec/bad-param',
        `stage \`${name}\` is mapped over a list that names an element twice`,
        at,
        'value',
      );
    return { elements, as };
  }

  #lookUp(reference: string, at: Path): Json | undefined {
    if (this.#values === null) return undefined;
    let value: Json | undefined = this.#values;
    const walked: string[] = [];
    for (const step of reference.slice(1).split('.')) {
      const here = value as { readonly [key: string]: Json } | null;
      if (here === null || typeof here !== 'object' || Array.isArray(here) || !Object.hasOwn(here, step)) {
        const names = here !== null && typeof here === 'object' && !Array.isArray(here) ? Object.keys(here) : [];
        const close = nearest(step, names);
        const where =
          walked.length > 0 ? `\`${walked.join('.')}\` has no \`${step}\`` : `the configuration has no \`${step}\``;
        this.#report(
          'spec/bad-reference',
          `\`${reference}\`: ${where}`,
          at,
          'value',
          close ? `did you mean \`$${[...walked, close].join('.')}\`?` : null,
        );
        return undefined;
      }
      value = here[step];
      walked.push(step);
    }
    return value;
  }
}
