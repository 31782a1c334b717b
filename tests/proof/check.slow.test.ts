// `pipeline check` lets a deterministic pipeline pass and names stage, artifact, byte and row of each kind of planted chance.
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { Problem } from '../../lib/base/problem.ts';
import { closeRigs, openRig, type Rig, stageFile } from './rig.ts';

afterEach(closeRigs);

const PIPELINE = `pipeline: tiny
stages:
  words:
    cmd: printf 'one\\ntwo\\n' > out/list
    out: { list: file }
  planted:
    uses: ./planted.ts
    in: { list: words.list }
  below:
    uses: ./below.ts
    in: { text: planted.out }
`;

/** A stage writes two lines of its input, then what an expression says; another passes them on. */
function rigWith(expression: string): Rig {
  const rig = openRig({ 'pipeline.yaml': PIPELINE });
  rig.write('below.ts', stageFile({ inputs: "text: file('any')", body: 'ctx.out.out.write(ctx.in.text.bytes());' }));
  const body = `const said = ${expression.replace('HERE', JSON.stringify(rig.root))};
    ctx.out.out.write(Buffer.from(ctx.in.list.bytes()).toString('utf8') + said + '\\n');`;
  const head = "import * as fs from 'node:fs';\nvoid fs;";
  rig.write('planted.ts', stageFile({ inputs: "list: file('any')", head, body }));
  return rig;
}

const coded = (problems: readonly Problem[], code: Problem['code']) => problems.filter((one) => one.code === code);

describe('check', () => {
  test('[C-7] [D3] a deterministic pipeline passes, and nothing of the project is written', async () => {
    const rig = rigWith("'three'");
    const { code, out, err } = await rig.cli(['check', '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const told = JSON.parse(out);
    expect(told).toMatchObject({ same: true, artifacts: 3, datasetId: null });
    expect(new Set(told.variants).size).toBe(3);
    expect(readdirSync(rig.root).sort()).toEqual(['below.ts', 'pipeline.yaml', 'planted.ts']);
    const plain = await rig.cli(['check']);
    expect(plain.out).toBe('the same bytes: 3 artifacts in 3 variants\n');
    expect(plain.err.trim().split('\n')).toHaveLength(3);
  });

  test.each([
    ['the clock', 'Date.now()', 'reads the clock (Date.now)'],
    ['chance', 'Math.random()', 'draws unseeded randomness (Math.random)'],
    ['an unsorted folder', 'fs.readdirSync(HERE).join()', 'touches files (fs.readdirSync)'],
  ])(
    '[C-7] %s in a stage is caught by the traps at its line, and without them by the first differing byte and row',
    async (_, expression, says) => {
      const rig = rigWith(expression);
      const { code, problems } = await rig.cli(['check', '--json']);
      expect(code).toBe(1);
      const line =
        rig
          .read('planted.ts')
          .split('\n')
          .findIndex((text) => text.includes('const said')) + 1;
      expect(coded(problems, 'stage/undeclared-input')).toMatchObject([
        { message: `stage \`planted\` ${says}`, place: { file: 'planted.ts', line } },
      ]);
      const [differs, ...others] = coded(problems, 'check/differs');
      expect(others, 'only the stage that is to blame').toEqual([]);
      expect(differs?.message).toContain('stage `planted`');
      expect(differs?.facts).toMatchObject({ output: 'out', row: 3 });
      expect(differs?.facts?.['first differing byte']).toBeGreaterThanOrEqual('one\ntwo\n'.length);
    },
  );

  test('a command that leaks chance into an output is named, though no trap can see it', async () => {
    const cmd = '(echo head; head -c 9 /dev/urandom | od -An -tx1) > out/text';
    const rig = openRig({
      'pipeline.yaml': `pipeline: tiny\nstages:\n  leak:\n    cmd: ${cmd}\n    out: { text: file }\n`,
    });
    const { code, problems } = await rig.cli(['check', '--json']);
    expect(code).toBe(1);
    expect(problems).toMatchObject([{ code: 'check/differs', facts: { output: 'text', row: 2 } }]);
  });

  test('what the configuration gets wrong is said once, as a run says it', async () => {
    const rig = openRig({ 'pipeline.yaml': 'pipeline: tiny\nstages:\n  a:\n    uses: ./nowhere.ts\n' });
    const { code, problems } = await rig.cli(['check', '--json']);
    expect(code).toBe(2);
    expect(problems).toMatchObject([{ code: 'spec/unknown-stage', place: { file: 'pipeline.yaml', line: 4 } }]);
  });
});
