// The commands around a run: `run`, `status`, `explain` and `dag`.
import type { Command } from 'commander';
import { answer, type Context, configured, fail, whole } from './door.ts';
import { presenter, processScreen } from './terminal.ts';

export function registerRun(program: Command, context: Context): void {
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
      if (flags.dryRun) {
        const { makePlan } = await import('./plan.ts');
        const { statusText } = await import('./status.ts');
        const plan = await makePlan(context.program, targets, flags);
        answer(statusText(plan), plan, flags.json);
        return;
      }
      const { runPipeline } = await import('./run.ts');
      const show = presenter(processScreen(process.cwd()), { json: flags.json ?? false });
      try {
        const { exitCode, untold } = await runPipeline(
          context.program,
          targets,
          flags,
          context.args,
          show.listen,
          context.signal,
        );
        show.close();
        if (untold.length > 0) fail(untold, flags.json ?? false);
        context.exit(exitCode);
      } finally {
        show.close();
      }
    });

  configured(program.command('status [stage...]'))
    .summary('say what a run would do, stage by stage')
    .description('Say for each stage whether it is cached, would run, or would be restored in the workspace.')
    .option('--json', 'the plan as JSON')
    .addHelpText('after', '\nExample:\n  pipeline status')
    .action(async (targets: string[], flags) => {
      const { makePlan } = await import('./plan.ts');
      const { statusText } = await import('./status.ts');
      const plan = await makePlan(context.program, targets, flags);
      answer(statusText(plan), plan, flags.json);
    });

  configured(program.command('explain [stage...]'))
    .summary('say every reason why stages would run')
    .description(
      'Name every reason for which a unit would run: param, code, input, missing or corrupted output; old value -> new value.',
    )
    .option('--json', 'the plan as JSON')
    .addHelpText('after', '\nExample:\n  pipeline explain features --set features.rsi=[21]')
    .action(async (targets: string[], flags) => {
      const { explainText, makePlan } = await import('./plan.ts');
      const plan = await makePlan(context.program, targets, flags);
      answer(explainText(plan, targets), plan, flags.json);
    });

  configured(program.command('dag'))
    .summary('show the graph of stages')
    .description('Show stages and wires as text, Mermaid, Graphviz or JSON.')
    .option('--format <format>', 'text, mermaid, dot or json', 'text')
    .option('--json', 'the same as --format json')
    .addHelpText('after', '\nExample:\n  pipeline dag --format mermaid')
    .action(async (flags) => {
      const { dagText, withPipeline } = await import('./plan.ts');
      const format = flags.json ? 'json' : flags.format;
      process.stdout.write(await withPipeline(context.program, flags, (pipeline) => dagText(pipeline, format)));
    });
}
