// Text for terminals: colours when they are wanted, control characters made visible, widths counted in columns.

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';

const SGR: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  bold: [1, 22],
  dim: [2, 22],
};

export type Paint = (colour: Colour, text: string) => string;

export function painter(on: boolean): Paint {
  if (!on) return (_, text) => text;
  return (colour, text) => (text === '' ? '' : `\u001b[${SGR[colour][0]}m${text}\u001b[${SGR[colour][1]}m`);
}

/** What a stage, a file or a user wrote must not steer the terminal: controls become `\xNN`, save tabs and, if asked, line breaks. */
export function clean(text: string, keep: 'lines' | 'one-line' = 'one-line'): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what must not get through.
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (unit) => {
    if (unit === '\n') return keep === 'lines' ? '\n' : '\\n';
    const code = unit.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

// Wide: Hangul, CJK, kana, full-width forms (Unicode UAX 11, W and F) and pictures; none: combining marks and joiners.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NONE = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** Columns one code point takes. */
function columnsOf(point: string): number {
  const code = point.codePointAt(0) as number;
  if (code < 0x300) return 1;
  return NONE.test(point) ? 0 : WIDE.test(point) ? 2 : 1;
}

export function widthOf(text: string): number {
  let width = 0;
  for (const point of text) width += columnsOf(point);
  return width;
}

/** At most `width` columns; what does not fit ends in an ellipsis. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 1; // the ellipsis
  for (const point of text) {
    used += columnsOf(point);
    if (used > width) break;
    kept += point;
  }
  return width < 1 ? '' : `${kept}…`;
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function padLeft(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}
