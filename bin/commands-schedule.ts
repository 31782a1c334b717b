// The commands of a user's own machine: `schedule` and what is below it, `init` and `doctor`.
import type { Command } from 'commander';
import { answer, type Context } from './door.ts';

export function registerSchedule(program: Command, context: Context): void {
  const schedule = program
    .command('schedule')
    .summary('list or run the tasks of cron/schedule.yaml')
    .description(
      'List the tasks of cron/schedule.yaml with their next time.\nCRON_SYNTHETIC_PROFILE, _SEED, _TICKERS and _CONFIG override what the tasks called synthetic_… are told.',
    )
    .option('--json', 'the list as JSON')
    .addHelpText('after', '\nExample:\n  pipeline schedule')
    .action(async (flags) => {
      const { listTasks, tasksText } = await import('./schedule.ts');
      const list = listTasks(context);
      answer(tasksText(list), list, flags.json);
    });

  schedule
    .command('start [task...]')
    .summary('run tasks at their times until stopped')
    .description(
      'Run the named tasks (default: all) at their times until a signal. A time that comes while its task still runs is skipped.\nEach run leaves logs/automation/<task>-<time>.json and lines in logs/automation/synthetic_runs.log.',
    )
    .option('--cron <expression>', 'other times for all of them; with six fields the first is the second')
    .option('--once', 'stop when each has run one time')
    .option('--json', 'events as JSON lines on stdout')
    .addHelpText('after', "\nExample:\n  pipeline schedule start --cron '*/10 * * * * *' --once")
    .action(async (tasks: string[], _, command: Command) => {
      const { startTasks } = await import('./schedule.ts');
      context.exit(await startTasks(context, tasks, command.optsWithGlobals()));
    });

  schedule
    .command('run <task>')
    .summary('run one task now')
    .description('Run one task now, as the schedule would; the answer is its audit.')
    .option('--json', 'the audit as JSON')
    .addHelpText('after', '\nExample:\n  pipeline schedule run synthetic_refresh')
    .action(async (task: string, _, command: Command) => {
      const { runNow } = await import('./schedule.ts');
      const { path, audit, exitCode } = await runNow(context, task);
      answer(`${path}\n`, audit, command.optsWithGlobals().json);
      context.exit(exitCode);
    });

  schedule
    .command('prune')
    .summary('remove audits and run logs past their time')
    .description(
      'Remove audits and run logs older than `keep_days`, as each run does; never what latest.json or dvc.lock names.',
    )
    .option('--dry-run', 'say what would go, remove nothing')
    .option('--json', 'the paths as JSON')
    .addHelpText('after', '\nExample:\n  pipeline schedule prune --dry-run')
    .action(async (_, command: Command) => {
      const flags = command.optsWithGlobals();
      const { pruneNow } = await import('./schedule.ts');
      const paths = pruneNow(context, flags.dryRun ?? false);
      answer(paths.map((path) => `${path}\n`).join(''), paths, flags.json);
    });

  program
    .command('init [folder]')
    .summary('make a project with the market pipeline')
    .description(
      'Make a project that `pipeline run` works in: pipeline.yaml, config/, cron/ and settings for dvc and git.',
    )
    .option('--json', 'the written paths as JSON')
    .addHelpText('after', '\nExample:\n  pipeline init my-market')
    .action(async (folder: string | undefined, flags) => {
      const { initProject, initText } = await import('./init.ts');
      const made = initProject(context.program.own, folder ?? '.');
      answer(initText(made), made, flags.json);
    });

  program
    .command('doctor')
    .summary('check that this machine and project can do the work')
    .description(
      'Check program, store, links, remote, git, dvc, state files and disk; one line each. Leaves with 1 when one is bad.',
    )
    .option('--json', 'the findings as JSON')
    .addHelpText('after', '\nExample:\n  pipeline doctor')
    .action(async (flags) => {
      const { examine, findingsText } = await import('./doctor.ts');
      const findings = examine(context.program.own, process.cwd());
      answer(findingsText(findings), { ok: findings.every(({ level }) => level !== 'bad'), findings }, flags.json);
      context.exit(findings.some(({ level }) => level === 'bad') ? 1 : 0);
    });
}
