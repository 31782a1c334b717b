// Joins what pipeline.yaml says is connected to what the stages' code declares; everything wrong is found in one go.
import type { Json } from '../base/canon.ts';
import type { Document, Path } from '../base/document.ts';
import { nearest } from '../base/nearest.ts';
import type { Place } from '../base/place.ts';
import type { Problem } from '../base/problem.ts';
import type { Port } from '../stage/port.ts';
import { orderOf } from './graph.ts';
import {
  type Declaration,
  type InputSpec,
  needsOf,
  type RawPipeline,
  type RawStage,
  type Spec,
  type StageSpec,
  type Wire,
} from './spec.ts';
import { type Report, Values } from './values.ts';

export interface WiringFacts {
  /** Roots that a `$path` may start from, as one object: the resolved config and `sources`; null when the config has problems of its own. */
  readonly values: { readonly [key: string]: Json } | null;
  /** Null when the file of sources has problems of its own. */
  readonly sourceNames: readonly string[] | null;
  /** `uses:` -> its entry and what its code declares. */
  readonly declarations: ReadonlyMap<string, Declaration & { readonly entry: string }>;
  readonly fileExists: (path: string) => boolean;
}

/** Wire the document's stages; everything wrong is found in one go. */
export function wireSpec(document: Document, facts: WiringFacts): { spec: Spec; problems: readonly Problem[] } {
  const raw = document.value as unknown as RawPipeline;
  const wiring = new Wiring(document, raw, facts);
  const stages = Object.keys(raw.stages).map((name) => wiring.stage(name));
  wiring.checkShapes();
  const needs = new Map(
    stages.map((stage) => [stage.name, needsOf(stage).filter((name) => Object.hasOwn(raw.stages, name))]),
  );
  const { order, cycles } = orderOf(needs);
  for (const cycle of cycles) {
    wiring.problem(
      'spec/cycle',
      `stages wait for each other: ${cycle.join(' -> ')}`,
      ['stages', cycle[0] as string],
      'key',
      'cut one of these wires',
    );
  }
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const dataset = wiring.dataset();
  return {
    spec: { pipeline: raw.pipeline, stages: order.map((name) => byName.get(name) as StageSpec), dataset },
    problems: wiring.problems,
  };
}

class Wiring {
  readonly problems: Problem[] = [];
  readonly #document: Document;
  readonly #raw: RawPipeline;
  readonly #facts: WiringFacts;
  readonly #values: Values;

  constructor(document: Document, raw: RawPipeline, facts: WiringFacts) {
    this.#document = document;
    this.#raw = raw;
    this.#facts = facts;
    this.#values = new Values(document, facts.values, this.problem, (problem) => this.problems.push(problem));
  }

  readonly problem: Report = (code, message, path, which, hint) => {
    const place: Place = this.#document.place([...path], which);
    this.problems.push({ code, message, place, ...(hint && { hint }) });
  };

  stage(name: string): StageSpec {
    const raw = this.#raw.stages[name] as RawStage;
    const declaration = raw.uses === undefined ? null : this.#facts.declarations.get(raw.uses);
    const base = {
      name,
      desc: raw.desc ?? declaration?.summary ?? '',
      map: this.#values.map(name, raw),
      retries: raw.retries ?? 0,
      timeoutMs: raw.timeout === undefined ? null : durationMs(raw.timeout),
    };
    if (declaration) {
      return {
        ...base,
        code: { kind: 'module', entry: declaration.entry },
        inputs: this.#declaredInputs(name, raw, declaration),
        outputs: Object.fromEntries(Object.entries(declaration.outputs).map(([port, { kind }]) => [port, { kind }])),
        params: this.#values.declared(name, raw, declaration),
        uses: declaration.uses,
        selects: declaration.selects,
      };
    }
    const inputs = Object.entries(raw.in ?? {}).map(([port, wires]) => {
      const many = Array.isArray(wires) || wires === 'source:*';
      return [
        port,
        { kind: 'tree' as const, shape: 'any', many, slice: false, wires: this.#wires(name, port, wires, many) },
      ];
    });
    return {
      ...base,
      code: { kind: 'command', cmd: raw.cmd ?? '' },
      inputs: Object.fromEntries(inputs),
      outputs: Object.fromEntries(Object.entries(raw.out ?? {}).map(([port, kind]) => [port, { kind }])),
      params: Object.entries(raw.params ?? {}).map(([param, value]) => this.#values.param(name, param, value)),
      uses: [],
      selects: {},
    };
  }

  #declaredInputs(name: string, raw: RawStage, declaration: Declaration): Record<string, InputSpec> {
    const given = raw.in ?? {};
    for (const port of Object.keys(given)) {
      if (Object.hasOwn(declaration.inputs, port)) continue;
      const close = nearest(port, Object.keys(declaration.inputs));
      const known = Object.keys(declaration.inputs).join(', ') || 'none';
      this.problem(
        'spec/unknown-port',
        `stage \`${name}\` has no input port \`${port}\``,
        ['stages', name, 'in', port],
        'key',
        close ? `did you mean \`${close}\`?` : `its input ports: ${known}`,
      );
    }
    const inputs: Record<string, InputSpec> = {};
    for (const [port, { kind, shape, many, slice }] of Object.entries(declaration.inputs)) {
      const wires = Object.hasOwn(given, port) ? given[port] : undefined;
      if (wires === undefined) {
        const path = raw.in ? ['stages', name, 'in'] : ['stages', name];
        this.problem(
          'spec/missing-wire',
          `input port \`${port}\` of stage \`${name}\` is not wired`,
          path,
          'key',
          `add \`${port}: <stage>.<port>\` under \`in:\``,
        );
        continue;
      }
      inputs[port] = { kind, shape, many, slice, wires: this.#wires(name, port, wires, many) };
    }
    return inputs;
  }

  #wires(name: string, port: string, given: string | readonly string[], many: boolean): Record<string, Wire> {
    const path: Path = ['stages', name, 'in', port];
    if (!many && Array.isArray(given)) {
      this.problem(
        'spec/shape-mismatch',
        `port \`${port}\` of stage \`${name}\` takes one wire, not a list`,
        path,
        'value',
      );
      return {};
    }
    const wires: Record<string, Wire> = {};
    const list = (Array.isArray(given) ? given : [given]) as readonly string[];
    for (const [index, text] of list.entries()) {
      const at = Array.isArray(given) ? [...path, index] : path;
      if (text === 'source:*' && many) {
        for (const source of this.#facts.sourceNames ?? []) wires[source] = { kind: 'source', name: source };
        continue;
      }
      const wire = this.#wire(text, at);
      if (wire === null) continue;
      const label = many ? wireLabel(wire) : '';
      if (Object.hasOwn(wires, label))
        this.problem('spec/bad-reference', `\`${text}\` is wired twice to port \`${port}\``, at, 'value');
      wires[label] = wire;
    }
    return wires;
  }

  #wire(text: string, at: Path): Wire | null {
    if (text === '$run') return { kind: 'run' };
    if (text.startsWith('./')) {
      const path = text.slice(2);
      if (path.split('/').some((part) => part === '..' || part === '.' || part === '')) {
        this.problem(
          'source/unsafe',
          `\`${text}\` must stay inside the project`,
          at,
          'value',
          'write a plain relative path, or declare a source',
        );
      } else if (!this.#facts.fileExists(path)) {
        this.problem('source/missing', `there is no file or folder \`${text}\``, at, 'value');
      }
      return { kind: 'file', path };
    }
    if (text.startsWith('source:')) {
      const name = text.slice('source:'.length);
      const known = this.#facts.sourceNames;
      if (known !== null && !known.includes(name)) {
        const close = nearest(name, known);
        this.problem(
          'spec/unknown-source',
          `there is no source \`${name}\``,
          at,
          'value',
          close ? `did you mean \`source:${close}\`?` : `known sources: ${known.join(', ') || 'none'}`,
        );
      }
      return { kind: 'source', name };
    }
    const [stage, port, ...rest] = text.split('.');
    if (!stage || !port || rest.length > 0) {
      this.problem(
        'spec/bad-reference',
        `\`${text}\` is not a wire`,
        at,
        'value',
        'a wire is `stage.port`, `source:name`, `./path` or `$run`',
      );
      return null;
    }
    const target = this.#stageNamed(stage);
    if (target === undefined) {
      const close = nearest(stage, Object.keys(this.#raw.stages));
      this.problem(
        'spec/unknown-stage',
        `there is no stage \`${stage}\``,
        at,
        'value',
        close ? `did you mean \`${close}.${port}\`?` : null,
      );
      return null;
    }
    const ports = this.#outputs(target);
    if (ports !== null && !Object.hasOwn(ports, port)) {
      const close = nearest(port, Object.keys(ports));
      this.problem(
        'spec/unknown-port',
        `stage \`${stage}\` has no output port \`${port}\``,
        at,
        'value',
        close ? `did you mean \`${stage}.${close}\`?` : `its output ports: ${Object.keys(ports).join(', ')}`,
      );
      return null;
    }
    return { kind: 'stage', stage, port };
  }

  #stageNamed(name: string): RawStage | undefined {
    return Object.hasOwn(this.#raw.stages, name) ? this.#raw.stages[name] : undefined;
  }

  #outputs(raw: RawStage): Readonly<Record<string, { kind: Port['kind']; shape?: string }>> | null {
    if (raw.uses === undefined)
      return Object.fromEntries(Object.entries(raw.out ?? {}).map(([port, kind]) => [port, { kind }]));
    return this.#facts.declarations.get(raw.uses)?.outputs ?? null;
  }

  /** Kind and shape must agree along each wire between two declared ports. */
  checkShapes(): void {
    for (const [name, raw] of Object.entries(this.#raw.stages)) {
      const declaration = raw.uses === undefined ? null : this.#facts.declarations.get(raw.uses);
      for (const [port, given] of Object.entries(raw.in ?? {})) {
        const inputs = declaration?.inputs ?? {};
        const wanted = Object.hasOwn(inputs, port) ? inputs[port] : undefined;
        if (wanted === undefined) continue;
        for (const text of [given].flat()) {
          if (text === '$run' && wanted.kind !== 'json') {
            this.problem(
              'spec/shape-mismatch',
              `\`$run\` is json, but port \`${port}\` of stage \`${name}\` takes a ${wanted.kind}`,
              ['stages', name, 'in', port],
              'value',
            );
          }
          const [stage = '', from = ''] = text.split('.');
          const target = this.#stageNamed(stage);
          const ports = target === undefined ? null : this.#outputs(target);
          const found = ports !== null && Object.hasOwn(ports, from) ? ports[from] : undefined;
          if (target === undefined || found === undefined) continue;
          const mapped = target.map !== undefined && found.kind !== 'tree';
          const shapes = found.shape === undefined || wanted.shape === 'any' || found.shape === wanted.shape;
          if (found.kind === wanted.kind && shapes && !mapped) continue;
          const say = (kind: string, shape?: string) => (shape ? `${kind} ${shape}` : kind);
          const gives = say(found.kind, found.shape);
          this.problem(
            'spec/shape-mismatch',
            `\`${text}\` gives ${mapped ? `a tree of ${gives}, one for each element` : gives}, but port \`${port}\` of stage \`${name}\` takes ${say(wanted.kind, wanted.shape)}`,
            ['stages', name, 'in', port],
            'value',
          );
        }
      }
    }
  }

  dataset(): Spec['dataset'] {
    const raw = this.#raw.dataset;
    if (raw === undefined) return null;
    const wire = this.#wire(raw.from, ['dataset', 'from']);
    if (wire === null || wire.kind !== 'stage') return null;
    return { stage: wire.stage, port: wire.port, under: raw.under };
  }
}

/** Name of one wire in a set: its source, or stage and port. */
function wireLabel(wire: Wire): string {
  if (wire.kind === 'source') return wire.name;
  if (wire.kind === 'stage') return `${wire.stage}.${wire.port}`;
  return wire.kind === 'file' ? wire.path : '$run';
}

/** Seconds, or `500ms`, `90s`, `10m` or `2h`, in milliseconds; at least one. */
function durationMs(given: number | string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(given));
  const [amount, unit] = typeof given === 'number' ? [given, 's'] : [Number(found?.[1]), found?.[2] ?? 's'];
  return Math.max(1, Math.ceil(amount * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1000)));
}
