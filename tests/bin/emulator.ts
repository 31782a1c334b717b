// A terminal small enough to trust: it understands what the presenters write and shows the lines a person would see.
import type { Out } from '../../bin/terminal.ts';

export class Emulator implements Out {
  readonly isTTY = true;
  columns: number;
  rows: number;
  /** Everything that was written, in writes. */
  readonly written: string[] = [];
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    this.written.push(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what a terminal reads.
    for (const [token] of text.matchAll(/\u001b\[[\d;?]*[A-Za-z]|[^\u001b]/gu)) this.#take(token);
  }

  /** Lines as seen, without colours; trailing empty lines dropped. */
  lines(): string[] {
    const lines = this.#lines.map((line) =>
      Array.from(line, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  #take(token: string): void {
    if (token === '\n') this.#down();
    else if (token === '\r') this.#column = 0;
    else if (token.startsWith('\u001b[')) this.#control(token);
    else {
      if (this.#column === this.columns) this.#down(); // wraps
      (this.#lines[this.#row] as string[])[this.#column++] = token;
    }
  }

  #control(token: string): void {
    const n = Number(token.slice(2, -1) || '1');
    if (token.endsWith('A')) this.#row = Math.max(0, this.#row - n);
    else if (token === '\u001b[2K') this.#lines[this.#row] = [];
    else if (!token.endsWith('m')) throw new Error(`a sequence nobody expects: ${JSON.stringify(token)}`);
  }

  #down(): void {
    this.#row++;
    this.#column = 0;
    this.#lines[this.#row] ??= [];
  }
}
