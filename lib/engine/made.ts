// From work that is handed out to artifacts in the store: files first, then the trees that name them.
import type { Artifact, BlobStore, SizedEntry } from '../store/blob.ts';
import { remove } from '../store/files.ts';
import type { Executor, MadeFile, WorkEvent, WorkItem, WorkResult } from './executor.ts';
import type { StageSpec } from './spec.ts';

/** Have the work done, and done again where a file that the store seemed to have turns out to be damaged. */
export async function workOn(
  executor: Executor,
  store: BlobStore,
  item: WorkItem,
  onEvent: (event: WorkEvent) => void,
): Promise<WorkResult> {
  const result = await executor.submit(item, onEvent);
  const made = Object.values(result.outputs).flat();
  if (made.every(({ temp, md5 }) => temp !== null || store.has(md5))) return result;
  for (const { temp } of made) if (temp !== null) remove(temp);
  return executor.submit({ ...item, anew: true }, onEvent);
}

/** Move what the work made into the store. */
export function take(store: BlobStore, stage: StageSpec, result: WorkResult): Record<string, Artifact> {
  const taken = ({ temp, md5, size }: MadeFile): Artifact => store.adopt({ path: temp, md5, size });
  const outputs: Record<string, Artifact> = {};
  for (const [port, { kind }] of Object.entries(stage.outputs)) {
    const files = result.outputs[port] ?? [];
    if (kind !== 'tree') outputs[port] = taken(files[0] as MadeFile);
    else {
      const entries = files.map((file): SizedEntry => ({ relpath: file.relpath, ...taken(file) }));
      // The tree of all shards gets an object when they are through.
      outputs[port] = stage.map === null ? store.putTree(entries) : store.listTree(entries);
    }
  }
  return outputs;
}
