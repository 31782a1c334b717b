// A place is where in a text file something is: line and column count from 1, in UTF-16 units as editors do.
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Length of the part to underline, on that line. */
  readonly length: number;
}

/** `file:line:column`, as editors and terminals link it. */
export function at(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}

/** The source line with carets under the place: two lines, or none when the text has no such line. */
export function underline(text: string, place: Place): string[] {
  const line = text.split(/\r?\n/)[place.line - 1];
  if (line === undefined) return [];
  const number = String(place.line);
  const lead = line.slice(0, place.column - 1).replace(/[^\t]/g, ' ');
  const carets = '^'.repeat(Math.max(1, Math.min(place.length, Math.max(1, line.length - place.column + 1))));
  return [`${number} | ${line}`, `${' '.repeat(number.length)} | ${lead}${carets}`];
}

/** `a.b[0]`; keys that are not plain words are quoted. */
export function dotted(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'the document';
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = /^[\w-]+$/.test(step) ? step : JSON.stringify(step);
      return i === 0 ? name : `.${name}`;
    })
    .join('');
}
