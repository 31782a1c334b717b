// From a stack of frames in a bundle to the line of the project's source it comes from.
import { SourceMap } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import type { Place } from '../base/place.ts';
import { readText } from '../store/files.ts';

/** Bundles that were loaded here; their source maps are read when somebody asks, which most runs never do. */
export class Origins {
  readonly #project: string;
  readonly #maps = new Map<string, SourceMap | null>();

  constructor(project: string) {
    this.#project = project;
  }

  add(bundle: string): void {
    this.#maps.set(bundle, null);
  }

  /** The first frame that lies in sources of the project, not in what the engine or a package put there. */
  placeOf(stack: string): Place | null {
    for (const frame of stack.split('\n').slice(1)) {
      const [, bundle = '', line, column] =
        /\(?([^()]+):(\d+):(\d+)\)?$/.exec(frame.replace(/^\s*at (async )?/, '')) ?? [];
      const path = bundle.slice(bundle.indexOf('/'));
      if (!this.#maps.has(path)) continue;
      const found = this.#mapOf(path).findEntry(Number(line) - 1, Number(column) - 1);
      if (!('originalSource' in found)) continue;
      const source = resolve(dirname(path), decodeURIComponent(found.originalSource));
      if (/\/lib\/(engine|store)\/|node_modules/.test(source)) continue;
      const inside = relative(this.#project, source);
      return {
        file: inside.startsWith('..') ? source : inside,
        line: found.originalLine + 1,
        column: found.originalColumn + 1,
        length: 1,
      };
    }
    return null;
  }

  #mapOf(bundle: string): SourceMap {
    const known = this.#maps.get(bundle);
    if (known) return known;
    const text = readText(bundle);
    const mark = 'sourceMappingURL=data:application/json;base64,';
    const encoded = text.slice(text.lastIndexOf(mark) + mark.length);
    const map = new SourceMap(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
    this.#maps.set(bundle, map);
    return map;
  }
}
