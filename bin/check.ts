// `pipeline check`: makes the whole pipeline several times, each time in another world, and compares every artifact's bytes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Problem, ProblemError } from '../lib/base/problem.ts';
import { firstDifference } from '../lib/engine/evidence.ts';
import { describe, differences } from '../lib/engine/explain.ts';
import type { KeyParts } from '../lib/engine/key.ts';
import { findRoot, type Project } from '../lib/engine/project.ts';
import { differingFacts } from './differing.ts';
import type { ConfigFlags, Program } from './open.ts';
import { openApart, type Remade, type RemadeUnit, remakeApart } from './remake.ts';

export interface Checked {
  readonly datasetId: string | null;
  /** Outputs of units that were compared. */
  readonly artifacts: number;
  readonly variants: readonly string[];
}

/** One world to make the pipeline in. */
interface Variant {
  readonly world: string;
  readonly zone: string;
  readonly locale: string;
  readonly jobs: number;
  readonly trapped: boolean;
  readonly disturb: number | null;
  readonly shuffle: number | null;
}

interface Made {
  readonly variant: Variant;
  readonly project: Project;
  readonly remade: Remade;
  readonly units: ReadonlyMap<string, RemadeUnit>;
}

/**
 * The first runs under the traps, one unit at a time and in declared order. The others run without traps, so that what these miss
 * shows as a difference: one as the machine is, one with clock and folder listings disturbed. Each has its own
 * time zone, and a locale that writes numbers, sorts letters or changes case unlike the others.
 */
const VARIANTS: readonly Variant[] = [
  { world: 'trapped', jobs: 1, zone: 'UTC', locale: 'C.UTF-8', trapped: true, disturb: null, shuffle: null },
  { world: 'no traps', jobs: 2, zone: 'Asia/Tokyo', locale: 'tr_TR.UTF-8', trapped: false, disturb: null, shuffle: 1 },
  {
    world: 'no traps, disturbed',
    jobs: 3,
    zone: 'America/St_Johns',
    locale: 'de_DE.UTF-8',
    trapped: false,
    disturb: 1,
    shuffle: 2,
  },
];

const nameOf = ({ world, jobs, zone, locale }: Variant) =>
  `${world}, ${jobs} ${jobs === 1 ? 'job' : 'jobs'}, ${zone}, ${locale.split('.')[0]}`;

/** Throws `check/differs` for each stage that gave other bytes for the same key, after what the traps caught. */
export async function check(
  program: Program,
  flags: ConfigFlags,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Checked> {
  const root = findRoot(process.cwd());
  const scratch = mkdtempSync(join(tmpdir(), 'marketloom-check-'));
  try {
    const made: Made[] = [];
    for (const [i, variant] of VARIANTS.entries()) {
      say(`variant ${i + 1} of ${VARIANTS.length}: ${nameOf(variant)}`);
      made.push(await make(program, root, join(scratch, String(i + 1)), variant, flags, signal));
    }
    const problems = [...failures(made), ...(await comparison(made))];
    if (problems.length > 0) throw new ProblemError(problems);
    const units = [...(made[0] as Made).units.values()];
    return {
      datasetId: (made[0] as Made).remade.datasetId,
      artifacts: units.reduce((sum, { outputs }) => sum + Object.keys(outputs).length, 0),
      variants: VARIANTS.map(nameOf),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function make(
  program: Program,
  root: string,
  scratch: string,
  variant: Variant,
  flags: ConfigFlags,
  signal: AbortSignal,
): Promise<Made> {
  const { jobs, trapped, disturb, shuffle, zone, locale } = variant;
  const { profile, config, seed, set } = flags;
  const given = { ...(profile && { profile }), ...(config && { config }), ...(seed && { seed }), ...(set && { set }) };
  const request = { root, scratch, jobs, trapped, disturb, shuffle, flags: given };
  const remade = await remakeApart(program.own, request, { TZ: zone, LANG: locale, LC_ALL: locale }, signal);
  const project = openApart(root, program.own, scratch);
  return {
    variant,
    project,
    remade,
    units: new Map(remade.units.map((unit) => [`${unit.stage}\n${unit.element ?? ''}`, unit])),
  };
}

/** What went wrong while making, each problem once. */
function failures(made: readonly Made[]): Problem[] {
  const all = made.flatMap(({ remade }) => remade.problems);
  return [...new Map(all.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/**
 * A stage whose keys are equal and whose bytes are not is to blame; one whose keys differ only passes on what it was given.
 * Each variant is compared with the first one that has the unit.
 */
async function comparison(made: readonly Made[]): Promise<Problem[]> {
  const byStage = new Map<string, { first: Problem; units: Set<string> }>();
  const strays: Problem[] = [];
  for (const [i, now] of made.entries()) {
    for (const [name, unit] of now.units) {
      const was = made.slice(0, i).find(({ units }) => units.has(name));
      const before = was?.units.get(name);
      if (was === undefined || before === undefined) continue;
      if (before.key !== unit.key) {
        strays.push(otherKey(was, now, before, unit));
        continue;
      }
      const stores = { was: was.project.store, now: now.project.store };
      const found = firstDifference(before.outputs, unit.outputs, stores);
      if (found === null) continue;
      const known = byStage.get(unit.stage);
      if (known !== undefined) known.units.add(name);
      else {
        const facts = await differingFacts(found, stores, { was: nameOf(was.variant), now: nameOf(now.variant) });
        byStage.set(unit.stage, { first: differs(unit, facts), units: new Set([name]) });
      }
    }
  }
  const blamed = [...byStage.values()].map(({ first, units }) =>
    units.size === 1 ? first : { ...first, facts: { ...first.facts, 'shards that differ': units.size } },
  );
  return blamed.length > 0 ? blamed : strays.slice(0, 1);
}

const unitName = ({ stage, element }: RemadeUnit) =>
  element === null ? `stage \`${stage}\`` : `stage \`${stage}\` for \`${element}\``;

function differs(unit: RemadeUnit, facts: Problem['facts']): Problem {
  return {
    code: 'check/differs',
    message: `${unitName(unit)} gives other bytes when it is made again`,
    facts,
    hint: 'something outside its key reaches its output: time, chance, order of files or threads, locale or zone',
  };
}

function otherKey(was: Made, now: Made, before: RemadeUnit, unit: RemadeUnit): Problem {
  const [a, b] = [was.project.receipts.read(before.key)?.parts, now.project.receipts.read(unit.key)?.parts];
  const reasons = a && b ? differences(a as unknown as KeyParts, b as unknown as KeyParts).map(describe) : [];
  return {
    code: 'check/differs',
    message: `${unitName(unit)} gets another key when it is made again`,
    facts: { [nameOf(was.variant)]: before.key, [nameOf(now.variant)]: unit.key, why: reasons.join('; ') },
    hint: 'was a file changed meanwhile?',
  };
}
