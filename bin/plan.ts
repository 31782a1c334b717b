// `status`, `explain` and `run --dry-run`: what a run would do and every reason for it; nothing is run, nothing is written but memory.
import { ProblemError } from '../lib/base/problem.ts';
import { describe } from '../lib/engine/explain.ts';
import type { Pipeline } from '../lib/engine/load.ts';
import { planRun } from '../lib/engine/plan.ts';
import { type ConfigFlags, load, open, openPool, type Program } from './open.ts';
import { chosen } from './run.ts';
import type { Plan } from './status.ts';

export async function makePlan(
  program: Program,
  targets: readonly string[],
  flags: ConfigFlags & { readonly force?: boolean },
): Promise<Plan> {
  const { pipeline, stages } = await withPipeline(program, flags, (pipeline, project) => ({
    pipeline,
    stages: planRun(project, pipeline, chosen(pipeline, targets), flags.force ?? false),
  }));
  return { datasetId: pipeline.spec.dataset === null ? null : pipeline.run.datasetId, stages };
}

/** Load the pipeline for a command that runs nothing. */
export async function withPipeline<T>(
  program: Program,
  flags: ConfigFlags,
  act: (pipeline: Pipeline, project: ReturnType<typeof open>['project']) => T | Promise<T>,
): Promise<T> {
  const { project } = open(program);
  const pool = openPool(project, { jobs: 1 });
  try {
    return await act(await load(program, project, pool, flags, () => {}), project);
  } finally {
    await pool.close();
  }
}

/** Every reason of every unit that would run. */
export function explainText({ stages }: Plan, targets: readonly string[]): string {
  const shown = targets.length === 0 ? stages : stages.filter(({ stage }) => targets.includes(stage));
  return shown
    .map(({ stage, units, drifted }) => {
      const lines = units.flatMap((unit) => {
        const name = unit.element === null ? stage : `${stage}[${unit.element}]`;
        if (unit.state === 'cached')
          return targets.length > 0 || units.length === 1
            ? [`${name}: cached${unit.key === null ? '' : `, key ${unit.key.slice(0, 12)}`}`]
            : [];
        return [
          `${name}: ${unit.state === 'waits' ? 'not known yet' : 'would run'}`,
          ...unit.reasons.map((reason) => `  ${describe(reason)}`),
        ];
      });
      if (lines.length === 0) lines.push(`${stage}: all ${units.length} shards cached`);
      return [...lines, ...drifted.map((path) => `  to restore: ${path}`)].map((line) => `${line}\n`).join('');
    })
    .join('');
}

/** The graph as text, Mermaid, Graphviz or JSON. */
export function dagText(pipeline: Pipeline, format: string): string {
  const stages = pipeline.spec.stages;
  const edges = stages.flatMap((stage) =>
    Object.entries(stage.inputs).flatMap(([port, { wires }]) =>
      Object.values(wires).map((wire) => {
        const from =
          wire.kind === 'stage'
            ? wire.stage
            : wire.kind === 'source'
              ? `source:${wire.name}`
              : wire.kind === 'file'
                ? `./${wire.path}`
                : '$run';
        return { from, to: stage.name, port, output: wire.kind === 'stage' ? wire.port : null };
      }),
    ),
  );
  if (format === 'json') {
    const nodes = stages.map(({ name, desc, code, map }) => ({
      name,
      desc,
      uses: code.kind === 'module' ? code.entry : null,
      cmd: code.kind === 'command' ? code.cmd : null,
      shards: map?.elements.length ?? 1,
    }));
    return `${JSON.stringify({ pipeline: pipeline.spec.pipeline, nodes, edges: edges.filter(({ output }) => output !== null), inputs: edges.filter(({ output }) => output === null) }, null, 2)}\n`;
  }
  const joins = [...new Set(edges.filter(({ output }) => output !== null).map(({ from, to }) => `${from}\0${to}`))].map(
    (join) => join.split('\0') as [string, string],
  );
  if (format === 'mermaid') {
    const id = (name: string) => `s${stages.findIndex((stage) => stage.name === name)}`;
    const nodes = stages.map(({ name, map }) => `  ${id(name)}["${name}${map ? ` x ${map.elements.length}` : ''}"]`);
    return `flowchart LR\n${[...nodes, ...joins.map(([from, to]) => `  ${id(from)} --> ${id(to)}`)].join('\n')}\n`;
  }
  if (format === 'dot') {
    const nodes = stages.map(({ name }) => `  "${name}";`);
    return `digraph "${pipeline.spec.pipeline}" {\n  rankdir=LR;\n${[...nodes, ...joins.map(([from, to]) => `  "${from}" -> "${to}";`)].join('\n')}\n}\n`;
  }
  if (format !== 'text')
    throw new ProblemError({
      code: 'usage',
      message: `there is no format \`${format}\``,
      hint: 'text, mermaid, dot or json',
    });
  const width = Math.max(...stages.map(({ name }) => name.length));
  return stages
    .map(({ name, map, desc }) => {
      const above = [...new Set(edges.filter(({ to }) => to === name).map(({ from }) => from))];
      return `${name.padEnd(width)}  ${map ? `x ${map.elements.length}  ` : ''}${desc}${above.length > 0 ? `\n${' '.repeat(width)}  <- ${above.join(', ')}` : ''}\n`;
    })
    .join('');
}
