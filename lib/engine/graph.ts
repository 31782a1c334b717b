// The order stages can run in, or the cycles that make an order impossible, named stage by stage.
import { alg, Graph } from '@dagrejs/graphlib';

export interface Order {
  /** Stages, each after everything it is wired to; ties in the order they were declared. */
  readonly order: readonly string[];
  /** Each cycle as the stages around it, first repeated last. */
  readonly cycles: readonly (readonly string[])[];
}

/** Order of a graph given as stage -> stages it needs. */
export function orderOf(needs: ReadonlyMap<string, readonly string[]>): Order {
  const graph = new Graph({ directed: true });
  for (const name of needs.keys()) graph.setNode(name);
  for (const [name, above] of needs) for (const other of above) graph.setEdge(other, name);
  const knots = alg.findCycles(graph).filter((members) => members.length > 1);
  const cycles = [...knots, ...selfLoops(needs)].map((members) => walkCycle(members, needs));
  if (cycles.length > 0) return { order: [], cycles };

  // Kahn's algorithm with declared order for ties: the same YAML always gives the same order, at any depth.
  const waiting = new Map([...needs].map(([name, above]) => [name, new Set(above).size]));
  const ready = [...needs.keys()].filter((name) => waiting.get(name) === 0);
  const order: string[] = [];
  for (let next = 0; next < ready.length; next++) {
    const name = ready[next] as string;
    order.push(name);
    for (const below of graph.successors(name) ?? []) {
      const left = (waiting.get(below) as number) - 1;
      waiting.set(below, left);
      if (left === 0) ready.push(below);
    }
  }
  return { order, cycles: [] };
}

/** Stages at or above the targets: what a run of the targets needs. */
export function above(targets: readonly string[], needs: ReadonlyMap<string, readonly string[]>): Set<string> {
  const wanted = new Set<string>();
  const stack = [...targets];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (wanted.has(name)) continue;
    wanted.add(name);
    stack.push(...(needs.get(name) ?? []));
  }
  return wanted;
}

function selfLoops(needs: ReadonlyMap<string, readonly string[]>): string[][] {
  return [...needs].filter(([name, above]) => above.includes(name)).map(([name]) => [name]);
}

/** graphlib gives the members of a knot; people want one way around it. */
function walkCycle(members: readonly string[], needs: ReadonlyMap<string, readonly string[]>): string[] {
  const inside = new Set(members);
  const path: string[] = [[...members].sort()[0] as string];
  for (;;) {
    const next = (needs.get(path[path.length - 1] as string) ?? []).find((name) => inside.has(name)) as string;
    const seen = path.indexOf(next);
    if (seen >= 0) return [...path.slice(seen), next].reverse();
    path.push(next);
  }
}
