// The command line: each command checks its arguments, calls one act and shows the answer (design 4).
import { Command, CommanderError } from 'commander';
import { EXIT_OF, type Problem, ProblemError } from '../lib/base/problem.ts';
import { isBindingAlike } from '../lib/store/glance.ts';
import { registerData } from './commands-data.ts';
import { registerProof } from './commands-proof.ts';
import { registerRun } from './commands-run.ts';
import { registerSchedule } from './commands-schedule.ts';
import { type Context, fail } from './door.ts';
import type { Program } from './open.ts';

export function commands(context: Context): Command {
  const program = new Command('pipeline')
    .description(
      'Reproducible synthetic markets: calibrate, generate, test, publish; every result cached and versioned.',
    )
    .configureHelp({ sortSubcommands: false })
    .exitOverride()
    // Told by `failure`, like every other problem.
    .configureOutput({ outputError: () => {} })
    .enablePositionalOptions();

  registerRun(program, context);
  registerData(program, context);
  registerProof(program, context);
  registerSchedule(program, context);
  return program;
}

export async function main(own: Program): Promise<void> {
  const args = process.argv.slice(2);
  const abort = new AbortController();
  let signals = 0;
  const stop = () => {
    if (++signals > 1) process.exit(130);
    abort.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const context: Context = { program: own, args, signal: abort.signal, exit: (code) => (process.exitCode = code) };
  const program = commands(context);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = failure(error, program, args);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function failure(error: unknown, program: Command, args: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // Help is its own message.
    if (error.code !== 'commander.help') fail([misuse(error, program, args)], args.includes('--json'));
    return EXIT_OF.usage;
  }
  if (error instanceof ProblemError) {
    fail(error.problems, args.includes('--json'));
    return error.exitCode;
  }
  process.stderr.write(
    `${(error as Error).stack ?? String(error)}\nThis is a defect of the program, not of your project.\n`,
  );
  return 1;
}

/** What was typed wrongly: a near name where there is one, else the help that tells what may be typed. */
function misuse({ message }: CommanderError, program: Command, args: readonly string[]): Problem {
  const [text = '', near] = message.replace(/^error: /, '').split('\n');
  const words = ['pipeline'];
  let command: Command | undefined = program;
  for (const word of args) {
    command = command.commands.find((one) => one.name() === word);
    if (command === undefined) break;
    words.push(word);
  }
  return {
    code: 'usage',
    message: text,
    hint: near?.replace(/^\((.*)\)$/, '$1') ?? `see \`${words.join(' ')} --help\``,
  };
}

/** Help of every command by its words, for the launcher. */
function allHelp(): Record<string, string> {
  const help: Record<string, string> = {};
  const quiet: Context = {
    program: { own: '', build: '', question: () => '', looked: null },
    args: [],
    signal: new AbortController().signal,
    exit: () => {},
  };
  const visit = (command: Command, words: string[]) => {
    let text = '';
    command.configureOutput({ writeOut: (part) => (text += part) });
    command.outputHelp();
    help[words.join(' ')] = text;
    for (const sub of command.commands) visit(sub, [...words, sub.name()]);
  };
  visit(commands(quiet), []);
  return help;
}

// What the build keeps for the launcher.
if (process.argv[2] === '--build-facts')
  process.stdout.write(JSON.stringify({ help: allHelp(), node: isBindingAlike() ? process.version : null }));
