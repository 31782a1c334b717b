// Problems as people read them: code, message, the underlined source line, aligned facts and a hint; or as JSON.
import { at, type Place, underline } from '../lib/base/place.ts';
import type { Problem } from '../lib/base/problem.ts';
import { clean, type Paint, painter } from './paint.ts';

export interface ReportOptions {
  /** Text of a file as places name it, or null when it cannot be read. */
  readonly readText: (file: string) => string | null;
  readonly colour: boolean;
}

/** More than this tells no one anything; the rest is counted. */
const MOST = 50;

/** All problems in file order, separated by empty lines, ending in a line break; empty text for none. */
export function reportProblems(problems: readonly Problem[], options: ReportOptions): string {
  const paint = painter(options.colour);
  const texts = new Map<string, string | null>();
  const readText = (file: string) => {
    if (!texts.has(file)) texts.set(file, options.readText(file));
    return texts.get(file) as string | null;
  };
  const blocks = inFileOrder(problems)
    .slice(0, MOST)
    .map((problem) => [...lines(problem, readText, paint), ''].join('\n'));
  if (problems.length > MOST) blocks.push(`and ${problems.length - MOST} more\n`);
  return blocks.join('\n');
}

/** The same order and all of them, as one line of JSON. */
export function problemsJson(problems: readonly Problem[]): string {
  return `${JSON.stringify({ problems: inFileOrder(problems) })}\n`;
}

/** By file, line and column; those without a place come last, as they were. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(({ place: a }, { place: b }) => {
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    if (a.file !== b.file) return a.file < b.file ? -1 : 1;
    return a.line - b.line || a.column - b.column;
  });
}

function lines(problem: Problem, readText: ReportOptions['readText'], paint: Paint): string[] {
  const { code, message, place, facts, hint } = problem;
  const out = [`${paint('red', `error ${code}`)}: ${paint('bold', indentRest(clean(message, 'lines')))}`];
  if (place !== undefined) {
    out.push(`  ${paint('cyan', clean(at(place)))}`);
    const text = readText(place.file);
    const [source, carets] = text === null ? [] : window(underline(text, place), place);
    if (source !== undefined && carets !== undefined) out.push(`  ${clean(source)}`, `  ${paint('red', carets)}`);
  }
  const names = Object.keys(facts ?? {});
  const widest = Math.max(0, ...names.map((name) => name.length));
  for (const name of names) {
    const value = clean(String(facts?.[name]), 'lines').replaceAll('\n', `\n${' '.repeat(widest + 4)}`);
    out.push(`  ${paint('dim', `${clean(name)}:`)}${' '.repeat(widest - name.length + 1)}${value}`);
  }
  if (hint !== undefined) out.push(`  ${paint('green', 'hint:')} ${indentRest(clean(hint, 'lines'))}`);
  return out;
}

function indentRest(text: string): string {
  return text.replaceAll('\n', '\n  ');
}

const WINDOW = 120;

/** The part of a long line (minified JSON, a list on one line) that holds the place; carets move with it. */
function window(pair: readonly string[], place: Place): readonly string[] {
  const [source = '', carets = ''] = pair;
  if (pair.length === 0 || source.length <= WINDOW) return pair;
  const gutter = source.indexOf('|') + 2;
  const from = Math.max(0, place.column - 1 - WINDOW / 2);
  const cut = (line: string, ellipsis: string) => {
    const text = line.slice(gutter + from, gutter + from + WINDOW);
    return `${line.slice(0, gutter)}${from > 0 ? ellipsis : ''}${text}`;
  };
  return [cut(source, '…'), cut(carets, ' ')];
}
