// `pipeline verify`: hashes every byte of datasets in the cache, the workspace and, when asked, the remote.
import { type Problem, raise } from '../lib/base/problem.ts';
import { type Dataset, findDataset, listDatasets } from '../lib/dvc/datasets.ts';
import { mustExist, verifyRemote, type Wanted } from '../lib/dvc/remote.ts';
import { inputsOf } from '../lib/dvc/roots.ts';
import { type Verified, verifyManifest, verifyStore, verifyWorkspace } from '../lib/dvc/verify.ts';
import { bytesText, count } from '../lib/engine/narrate.ts';
import { alone, type Data, datasetsUnder, openRemote } from './data.ts';

export interface VerifyFlags {
  readonly all?: boolean;
  /** True for the default remote, or a name. */
  readonly remote?: string | boolean;
}

export interface VerifyAnswer {
  readonly datasets: readonly string[];
  readonly files: number;
  readonly bytes: number;
}

/** Throws all that is damaged, missing or changed, in one go. */
export function verifyData(data: Data, word: string, flags: VerifyFlags, signal: AbortSignal): Promise<VerifyAnswer> {
  return alone(data, 'pipeline verify', signal, () => {
    const { root, store } = data.project;
    const under = datasetsUnder(data);
    const datasets = flags.all ? listDatasets(root, under) : [findDataset(root, under, word)];
    const wanted = datasets.flatMap((dataset): Wanted[] => [
      { md5: dataset.artifact.md5, name: dataset.path },
      ...inputsOf(dataset),
    ]);
    const verified = [
      verifyStore(store, wanted),
      ...datasets.flatMap((dataset: Dataset): Verified[] => [
        verifyWorkspace(root, store, dataset),
        verifyManifest(root, store, dataset),
      ]),
    ];
    const problems: Problem[] = verified.flatMap((one) => one.problems);
    if (flags.remote) {
      const { name, depot } = openRemote(data.dvc, typeof flags.remote === 'string' ? flags.remote : null);
      mustExist(depot, name);
      problems.push(...verifyRemote(store, depot, wanted));
    }
    raise(problems);
    return {
      datasets: datasets.map(({ name }) => name),
      files: verified.reduce((sum, { files }) => sum + files, 0),
      bytes: verified.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}

export function verifiedText({ datasets, files, bytes }: VerifyAnswer): string {
  return `${datasets.join(', ') || 'no dataset'}: hashed ${count(files, 'file')}, ${bytesText(bytes)}, all as they should be\n`;
}
