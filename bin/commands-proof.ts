// The commands that prove: `check`, `reproduce` and `validate`, and the hidden one that their child processes run.
import { answer, type Context, configured } from './door.ts';

type Command = Parameters<typeof configured>[0];

export function registerProof(program: Command, context: Context): void {
  configured(program.command('check'))
    .summary('prove that the pipeline is deterministic')
    .description(
      'Make the whole pipeline three times in fresh stores, with other workers, order, time zone and locale, with and without traps\nand with a disturbed clock; compare every byte. Nothing of the project is written.',
    )
    .option('--json', 'the result as JSON')
    .addHelpText('after', '\nExample:\n  pipeline check --profile legacy')
    .action(async (flags) => {
      const { check } = await import('./check.ts');
      const say = (text: string) => void (flags.json || process.stderr.write(`${text}\n`));
      const done = await check(context.program, flags, say, context.signal);
      const what = done.datasetId === null ? '' : ` of ${done.datasetId}`;
      answer(
        `the same bytes: ${done.artifacts} artifacts${what} in ${done.variants.length} variants\n`,
        { same: true, ...done },
        flags.json,
      );
    });

  program
    .command('reproduce <dataset_id>')
    .summary('make a dataset again elsewhere and compare every file')
    .description(
      'Make a dataset again in a scratch folder from its manifest and the store or the remote alone, and compare every file.\nLeaves with status 4 when a file differs, or when the code here is not the code that made it.',
    )
    .option('--checkout', 'take the code from the commit that made it (a temporary git worktree)')
    .option('--json', 'the result as JSON')
    .addHelpText('after', '\nExample:\n  pipeline reproduce latest')
    .action(async (word: string, flags) => {
      const { openData } = await import('./data.ts');
      const { reproduce } = await import('./reproduce.ts');
      const say = (text: string) => void (flags.json || process.stderr.write(`${text}\n`));
      const options = { checkout: flags.checkout ?? false };
      const done = await reproduce(context.program, openData(context), word, options, say, context.signal);
      const by = done.commit === null ? '' : ` by commit ${done.commit}`;
      answer(
        `${done.dataset} is reproduced${by}: ${done.files} files, ${done.bytes} bytes, all equal\n`,
        { same: true, ...done },
        flags.json,
      );
    });

  program
    .command('validate <dataset_id>')
    .summary('check a published dataset again')
    .description(
      'Run the market checks again on the files of a dataset and show their report as JSON.\nLeaves with status 0 when it passes and 1 when it fails.',
    )
    .option('--json', 'only the report: no verdict on stderr')
    .addHelpText('after', '\nExample:\n  pipeline validate latest')
    .action(async (word: string, flags) => {
      const { openData } = await import('./data.ts');
      const { validate } = await import('./validate.ts');
      const { dataset, passed, summary, report } = await validate(context.program, openData(context), word);
      if (!flags.json) process.stderr.write(`${dataset} ${passed ? 'passes' : 'fails'}: ${summary}\n`);
      answer('', report, true);
      context.exit(passed ? 0 : 1);
    });

  program.command('remake <folder>', { hidden: true }).action(async (folder: string) => {
    const { remakeChild } = await import('./remake.ts');
    await remakeChild(context.program, folder, context.signal);
  });
}
