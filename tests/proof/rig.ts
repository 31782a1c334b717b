// Projects with the market pipeline of this package, for the rig.
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { OWN, openRig, type Rig } from '../e2e/rig.ts';

export { closeRigs, OWN, openRig, type Ran, type Rig, stageFile } from '../e2e/rig.ts';

/** A project with the market pipeline and configuration of this package, its code and its stages taken from there. */
export function openMarket(): Rig {
  const rig = openRig();
  for (const name of ['pipeline.yaml', 'config']) cpSync(join(OWN, name), rig.path(name), { recursive: true });
  return rig;
}

/** This package with its sources as a project of its own, not built. */
export function openPackage(): Rig {
  const rig = openRig();
  const parts = 'bin cron lib stages scripts config pipeline.yaml package.json package-lock.json'.split(' ');
  for (const name of parts) cpSync(join(OWN, name), rig.path(name), { recursive: true });
  symlinkSync(join(OWN, 'node_modules'), rig.path('node_modules'));
  return rig;
}
