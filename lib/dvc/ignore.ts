// Lines of `.gitignore` for what DVC tracks: one per output, as DVC itself writes them (dvc-formats 3.6).

/** The text with the name ignored in its own folder; `/name` without a slash behind, or DVC would add it again. */
export function withIgnored(text: string | null, names: readonly string[]): string {
  const lines = new Set((text ?? '').split('\n'));
  const missing = names.map(lineOf).filter((line) => !lines.has(line));
  if (missing.length === 0) return text ?? '';
  const before = text === null || text === '' || text.endsWith('\n') ? (text ?? '') : `${text}\n`;
  return `${before}${missing.join('\n')}\n`;
}

export function withoutIgnored(text: string, name: string): string {
  return text
    .split('\n')
    .filter((line) => line !== lineOf(name))
    .join('\n');
}

function lineOf(name: string): string {
  return `/${name.replace(/[\\*?[\]!# ]/g, '\\$&')}`;
}
