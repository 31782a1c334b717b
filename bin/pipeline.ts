// The command line: each command checks its arguments, calls one act and shows the answer (design 4).
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { EXIT_OF, type Problem, ProblemError } from '../lib/base/problem.ts';
import type { Listener } from '../lib/engine/event.ts';
import type { Program } from './open.ts';
import { problemsJson, reportProblems } from './report-problem.ts';
import { presenter, processScreen, wantsColour } from './terminal.ts';

const whole = (text: string) => {
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1)
    throw new InvalidArgumentError('it must be a whole number from 1 to 9999');
  return text;
};
const collect = (text: string, before: string[] = []) => [...before, text];

/** Flags of every command that reads the pipeline. */
function configured(command: Command): Command {
  return command
    .option('--profile <name>', 'configuration profile')
    .option('--config <file>', 'configuration file instead of the one pipeline.yaml names')
    .option('--seed <seed>', 'seed: a whole number or a text')
    .option('--set <path=value>', 'set one configuration value; may be repeated', collect);
}

export interface Context {
  readonly program: Program;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  exit(code: number): void;
}

export function commands(context: Context): Command {
  const program = new Command('pipeline')
    .description(
      'Reproducible synthetic markets: calibrate, generate, test, publish; every result cached and versioned.',
    )
    .configureHelp({ sortSubcommands: false })
    .exitOverride()
    .enablePositionalOptions();

  configured(program.command('run [stage...]'))
    .summary('bring stages and the dataset up to date')
    .description(
      'Bring the named stages (default: all) and everything above them up to date, and publish the dataset.\nThe last line on stdout is the dataset_id.',
    )
    .option('--jobs <n>', 'how many units run at once (default: all cores)', whole)
    .option('--dry-run', 'say what would run and why, run nothing')
    .option('--force', 'run even what is cached, and compare with what was there')
    .option('--keep-going', 'after a failure, finish what does not depend on it')
    .option('--commit', 'commit pointers and dvc.lock to git')
    .option('--json', 'events as JSON lines on stdout')
    .addHelpText('after', '\nExample:\n  pipeline run --profile legacy --jobs 2')
    .action(async (targets: string[], flags) => {
      const { runPipeline } = await import('./run.ts');
      const show = presenter(processScreen(process.cwd()), { json: flags.json ?? false });
      const listen: Listener = (event) => show.listen(event);
      try {
        const { exitCode, untold } = await runPipeline(
          context.program,
          targets,
          flags,
          context.args,
          listen,
          context.signal,
        );
        show.close();
        if (untold.length > 0) fail(untold, flags.json ?? false);
        context.exit(exitCode);
      } finally {
        show.close();
      }
    });
  return program;
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

export async function main(program: Program): Promise<void> {
  const args = process.argv.slice(2);
  const abort = new AbortController();
  let signals = 0;
  const stop = () => {
    if (++signals > 1) process.exit(130);
    abort.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const context: Context = { program, args, signal: abort.signal, exit: (code) => (process.exitCode = code) };
  try {
    await commands(context).parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = failure(error, args);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function failure(error: unknown, args: readonly string[]): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_OF.usage;
  if (error instanceof ProblemError) {
    fail(error.problems, args.includes('--json'));
    return error.exitCode;
  }
  process.stderr.write(
    `${(error as Error).stack ?? String(error)}\nThis is a defect of the program, not of your project.\n`,
  );
  return 1;
}

/** Help of every command by its words, for the launcher. */
function allHelp(): Record<string, string> {
  const help: Record<string, string> = {};
  const quiet: Context = {
    program: { own: '', build: '', question: () => '' },
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

if (process.argv[2] === '--all-help') process.stdout.write(JSON.stringify(allHelp()));
