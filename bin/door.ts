// What every command shares: its context, the flags that configure a pipeline, and how problems are shown.
import { type Command, InvalidArgumentError } from 'commander';
import type { Problem } from '../lib/base/problem.ts';
import type { Program } from './open.ts';
import { problemsJson, reportProblems } from './report-problem.ts';
import { processScreen, wantsColour } from './terminal.ts';

export interface Context {
  readonly program: Program;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  exit(code: number): void;
}

/** An option that counts something, from 1. */
export function whole(text: string): string {
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1)
    throw new InvalidArgumentError('it must be a whole number from 1 to 9999');
  return text;
}

const collect = (text: string, before: string[] = []) => [...before, text];

/** Flags of every command that reads the pipeline. */
export function configured(command: Command): Command {
  return command
    .option('--profile <name>', 'configuration profile')
    .option('--config <file>', 'configuration file instead of the one pipeline.yaml names')
    .option('--seed <seed>', 'seed: a whole number or a text')
    .option('--set <path=value>', 'set one configuration value; may be repeated', collect);
}

/** The answer of a command: text for people or one JSON value. */
export function answer(text: string, value: unknown, json: boolean | undefined): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : text);
}

/** Problems go to stderr; with --json they are the answer. */
export function fail(problems: readonly Problem[], json: boolean): void {
  if (json) process.stdout.write(problemsJson(problems));
  else {
    const screen = processScreen(process.cwd());
    process.stderr.write(
      reportProblems(problems, { readText: screen.readText, colour: wantsColour(screen.stderr, screen.env) }),
    );
  }
}
