// The commands around datasets and their bytes: list, show, diff, costs, push, pull, verify, remote and gc.
import type { Command } from 'commander';
import { openData } from './data.ts';
import { answer, type Context } from './door.ts';

export function registerData(program: Command, context: Context): void {
  const command = (words: string, summary: string, description: string, example: string): Command =>
    program
      .command(words)
      .summary(summary)
      .description(description)
      .option('--json', 'the answer as JSON')
      .addHelpText('after', `\nExample:\n  ${example}`);

  command(
    'list',
    'list the datasets of this project',
    'List published datasets, oldest first: when, rows, size, whether the remote has them, which is latest.',
    'pipeline list',
  ).action(async (flags) => {
    const { listAll, listText } = await import('./datasets.ts');
    const list = listAll(openData(context));
    answer(listText(list), list, flags.json);
  });

  command(
    'show [dataset]',
    'show what a dataset is and came from',
    'Show the manifest of a dataset and what its pointer says besides: commit, time and program.\nA dataset is named by its id, by `latest` (the default) or by its path.',
    'pipeline show syn_685360ffc97f',
  ).action(async (word: string | undefined, flags) => {
    const { showOne, showText } = await import('./datasets.ts');
    const shown = showOne(openData(context), word ?? 'latest');
    answer(showText(shown), shown, flags.json);
  });

  command(
    'diff <dataset> <dataset>',
    'say in what two datasets differ',
    'Say every leaf of configuration, source of code, input and file in which two datasets differ, old value -> new value.',
    'pipeline diff syn_685360ffc97f latest',
  ).action(async (first: string, second: string, flags) => {
    const { diffText, diffTwo } = await import('./datasets.ts');
    const diff = diffTwo(openData(context), first, second);
    answer(diffText(diff), diff, flags.json);
  });

  command(
    'costs [dataset]',
    'tell what trading costs in a dataset',
    'Tell the costs of orders by ticker, regime and size (a share of average daily volume): half spread, impact, fee and total, median and 95th percentile in basis points. The dataset must have been made with microstructure.',
    'pipeline costs latest --ticker AAPL',
  )
    .option('-t, --ticker <name>', 'one ticker')
    .action(async (word: string | undefined, flags) => {
      const { costsText, readCosts } = await import('./costs.ts');
      const costs = readCosts(openData(context), word ?? 'latest', flags.ticker);
      answer(costsText(costs), costs, flags.json);
    });

  command(
    'push [dataset]',
    'put datasets and stage outputs into the remote',
    'Put one dataset, or without a name all that pointers and dvc.lock name, into the remote, with the sources and receipts behind it.',
    'pipeline push syn_685360ffc97f',
  )
    .option('-r, --remote <name>', 'another remote than the default')
    .action(async (word: string | undefined, flags) => {
      const { pushCommand, pushedText } = await import('./push.ts');
      const pushed = pushCommand(context, word, flags);
      answer(pushedText(pushed), pushed, flags.json);
    });

  command(
    'pull [dataset]',
    'fetch a dataset from the remote and lay it out',
    'Fetch a dataset (default: latest) with its sources and receipts, check every byte, and lay it out.\nA damaged copy in the remote is reported and changes nothing here.',
    'pipeline pull syn_685360ffc97f',
  )
    .option('-r, --remote <name>', 'another remote than the default')
    .action(async (word: string | undefined, flags) => {
      const { pullData, pulledText } = await import('./pull.ts');
      const pulled = await pullData(openData(context), word ?? 'latest', flags.remote ?? null, context.signal);
      answer(pulledText(pulled), pulled, flags.json);
    });

  command(
    'verify [dataset]',
    'hash every byte of a dataset',
    'Hash a dataset (default: latest) in the cache and the workspace, and check the sums of its manifest. Exit 4 names what is damaged.\nDamaged blobs are moved aside, so that the next run, pull or push heals them.',
    'pipeline verify --all --remote',
  )
    .option('--all', 'every dataset')
    .option('-r, --remote [name]', 'in the remote too')
    .action(async (word: string | undefined, flags) => {
      const { verifyData, verifiedText } = await import('./verify.ts');
      const verified = await verifyData(openData(context), word ?? 'latest', flags, context.signal);
      answer(verifiedText(verified), verified, flags.json);
    });

  command(
    'gc',
    'free what nothing names',
    'Remove blobs and receipts that no pointer, dvc.lock, branch, tag or recent run names, and report the bytes.',
    'pipeline gc --dry-run',
  )
    .option('--dry-run', 'only say what would be freed')
    .option('-r, --remote [name]', 'in the remote instead of the cache; what others pushed from elsewhere goes too')
    .action(async (flags) => {
      const { collectGarbage, gcText } = await import('./gc.ts');
      const swept = await collectGarbage(openData(context), flags, context.signal);
      answer(gcText(swept), swept, flags.json);
    });

  const remote = command(
    'remote',
    'show or edit the remotes',
    'Show the remotes of .dvc/config; `remote add` and `remote set` edit them as dvc does.',
    'pipeline remote',
  ).action(async (flags) => {
    const { listRemotes, remotesText } = await import('./remote.ts');
    const rows = listRemotes(context);
    answer(remotesText(rows), rows, flags.json);
  });
  for (const verb of ['add', 'set'] as const) {
    remote
      .command(`${verb} <name> <url>`)
      .summary(verb === 'add' ? 'add a remote' : 'give a remote another folder')
      .description('The url is a folder; a relative one counts from the current folder.')
      .option('-d, --default', 'make it the default remote')
      .option('--json', 'the answer as JSON')
      .addHelpText('after', `\nExample:\n  pipeline remote ${verb} -d localstore ../store`)
      .action(async (name: string, url: string, _flags, self: Command) => {
        const flags = self.optsWithGlobals();
        const { editRemote, remotesText } = await import('./remote.ts');
        const row = editRemote(context, name, url, { replace: verb === 'set', default: flags.default ?? false });
        answer(remotesText([row]), row, flags.json);
      });
  }
}
