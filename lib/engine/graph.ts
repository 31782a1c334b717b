// The order stages can run in, or the cycles that make an order impossible, named stage by stage.
import { Graph } from '@dagrejs/graphlib';

export interface Order {
  /** Stages, each after everything it is wired to; ties in the order they were declared. */
  readonly order: readonly string[];
  /** Each cycle as the stages around it, first repeated last. */
  readonly cycles: readonly (readonly string[])[];
}

/** Order of a graph given as stage -> stages it needs; no recursion, so any depth will do. */
export function orderOf(needs: ReadonlyMap<string, readonly string[]>): Order {
  const graph = new Graph({ directed: true });
  for (const name of needs.keys()) graph.setNode(name);
  for (const [name, above] of needs) for (const other of above) graph.setEdge(other, name);
  // Kahn's algorithm with declared order for ties: the same YAML always gives the same order.
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
  if (order.length === needs.size) return { order, cycles: [] };
  return { order: [], cycles: cyclesOf(needs, new Set(order)) };
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

/** Stages wired to themselves, and cycles that share no stage, until none is left. */
function cyclesOf(needs: ReadonlyMap<string, readonly string[]>, ordered: ReadonlySet<string>): string[][] {
  const cycles = [...needs].filter(([name, above]) => above.includes(name)).map(([name]) => [name, name]);
  const left = new Set([...needs.keys()].filter((name) => !ordered.has(name)).sort());
  const needed = (name: string) => (needs.get(name) ?? []).find((other) => other !== name && left.has(other));
  for (const start of [...left]) {
    while (left.has(start)) {
      const path: string[] = [];
      const at = new Map<string, number>();
      let here: string | undefined = start;
      while (here !== undefined && !at.has(here)) {
        at.set(here, path.length);
        path.push(here);
        here = needed(here);
      }
      // A walk that comes to an end needs a cycle that has been told: none of it is in another.
      const members = here === undefined ? path : path.slice(at.get(here));
      if (here !== undefined) cycles.push(turned(members.reverse()));
      for (const name of members) left.delete(name);
    }
  }
  return cycles;
}

/** Around the cycle from its first name to the same again. */
function turned(members: readonly string[]): string[] {
  const first = [...members].sort()[0] as string;
  const from = members.indexOf(first);
  return [...members.slice(from), ...members.slice(0, from), first];
}
