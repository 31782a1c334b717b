// A list of any length as JSON lines: written while it grows, so that memory does not grow with it.
import type { FileOutput } from '../../lib/stage/port.ts';

const CHUNK = 1 << 16;

export interface Lines {
  write(value: unknown): void;
  close(): void;
}

export function openLines(out: FileOutput): Lines {
  const sink = out.open();
  let text = '';
  return {
    write(value) {
      text += `${JSON.stringify(value)}\n`;
      if (text.length < CHUNK) return;
      sink.write(text);
      text = '';
    },
    close() {
      sink.write(text);
      sink.close();
    },
  };
}
