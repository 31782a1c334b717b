// Which stages need no second look: everything they rest on was seen a moment ago to be as the last run left it.
import { join } from 'node:path';
import { outputPath, type Project } from './project.ts';
import type { StageSpec, Wire } from './spec.ts';
import { givenName, type Last, type LastUnit, type Loaded } from './units.ts';

/**
 * The result of a stage that stands, or null for one that has to be planned: the last run ended with all it asked for up to date, nothing
 * but files on wires may have changed since (`Marks.vouch`), and of this stage neither these, nor the stages above, nor its outputs and their blobs did.
 */
export function standing(
  { root, workspace, marks, store }: Project,
  loaded: Loaded,
  stage: StageSpec,
  last: Last,
  above: ReadonlyMap<string, { readonly units: readonly { readonly same: boolean }[] }>,
): LastUnit | null {
  const known = last.units[stage.name]?.[''];
  if (!marks.isVouched || known === undefined || last.stamp !== loaded.stamp) return null;
  // Shards, verdicts and trees are looked at like those of any other run.
  if (stage.map !== null || known.verdict !== null) return null;
  const stands = (wire: Wire): boolean => {
    if (wire.kind === 'stage') return above.get(wire.stage)?.units.every(({ same }) => same) === true;
    const md5 = wire.kind === 'file' ? loaded.given.get(givenName(wire))?.md5 : undefined;
    return wire.kind === 'file' && md5 !== undefined && marks.stands(join(root, wire.path), md5);
  };
  for (const port in stage.inputs) {
    const wires = stage.inputs[port]?.wires ?? {};
    for (const label in wires) if (!stands(wires[label] as Wire)) return null;
  }
  for (const port in stage.outputs) {
    const kind = stage.outputs[port]?.kind ?? 'tree';
    const md5 = known.outputs[port]?.md5;
    if (kind === 'tree' || md5 === undefined) return null;
    if (!marks.stands(`${workspace}/${outputPath(stage.name, port, kind)}`, md5) || !marks.stands(store.path(md5), md5))
      return null;
  }
  return known;
}
