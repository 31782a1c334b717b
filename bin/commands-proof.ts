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

  program.command('remake <folder>', { hidden: true }).action(async (folder: string) => {
    const { remakeChild } = await import('./remake.ts');
    await remakeChild(context.program, folder, context.signal);
  });
}
