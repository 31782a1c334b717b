// What a stage refuses of its params, told by the settings they come from, with file, line and column.
import type { Json } from '../base/canon.ts';
import type { Path } from '../base/document.ts';
import { dotted, type Place } from '../base/place.ts';
import { type Problem, ProblemError } from '../base/problem.ts';
import type { Executor } from './executor.ts';
import type { Spec } from './spec.ts';

/** Where a value of a param is written: in the configuration, among the sources or in pipeline.yaml; undefined for a flag or a default. */
export type PlaceOf = (stage: string, param: string, path: Path) => Place | undefined;

/** An executor whose problems name settings and places; `places` is asked only once something was refused. */
export function settling(
  executor: Executor,
  { spec, places }: { readonly spec: Spec; readonly places: () => Promise<PlaceOf> },
): Executor {
  return {
    submit: async (item, onEvent) => {
      try {
        return await executor.submit(item, onEvent);
      } catch (error) {
        if (!(error instanceof ProblemError) || error.problems.every(({ path }) => path === undefined)) throw error;
        const placeOf = await places();
        const named = (problem: Problem) => settled(problem, item.stage, spec, item.params, placeOf);
        throw new ProblemError(error.problems.map(named), { cause: error });
      }
    },
    close: () => executor.close(),
  };
}

/** The problem with the setting its path leads to, as far as that is there. */
function settled(
  { path = [], ...problem }: Problem,
  stage: string,
  spec: Spec,
  values: Readonly<Record<string, Json>>,
  placeOf: PlaceOf,
): Problem {
  const [param, ...steps] = path;
  const params = spec.stages.find(({ name }) => name === stage)?.params ?? [];
  const shown = params.find(({ name }) => name === param)?.shown;
  if (typeof param !== 'string' || shown === undefined) return problem;
  const inside: (string | number)[] = [];
  let here: Json | undefined = values[param];
  for (const step of steps) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) break;
    here = (here as { readonly [key: string | number]: Json })[step];
    inside.push(step);
  }
  // The setting says what the bare name of the field would.
  const { field: _, ...facts } = problem.facts ?? {};
  const place = placeOf(stage, param, inside);
  const setting = dotted([...shown.split('.'), ...inside]);
  return { ...problem, facts: { setting, ...facts }, ...(place === undefined ? {} : { place }) };
}
