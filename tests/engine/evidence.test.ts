import { readFileSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { describeDifference, firstDifference, keepEvidence } from '../../lib/engine/evidence.ts';
import type { Artifact } from '../../lib/store/blob.ts';
import type { Receipt } from '../../lib/store/receipt.ts';
import { Folder, putTree, removeProjects } from './folder.ts';

afterEach(removeProjects);

const open = () => {
  const project = new Folder().open();
  const { store } = project;
  const file = (text: string | Uint8Array) => store.put(text);
  const first = (was: Record<string, Artifact>, now: Record<string, Artifact>) =>
    firstDifference(was, now, { was: store, now: store });
  return { project, store, file, first, tree: (files: Record<string, string>) => putTree(project, files) };
};

describe('the first difference of two results', () => {
  test('is none when they are equal', () => {
    const { file, tree, first } = open();
    expect(first({ o: file('x'), t: tree({ a: '1' }) }, { t: tree({ a: '1' }), o: file('x') })).toBeNull();
    expect(first({}, {})).toBeNull();
  });

  test('names output, byte and line of a text', () => {
    const { file, first } = open();
    const [was, now] = [file('one\ntwo\nthree\n'), file('one\ntwx\nthree\n')];
    expect(first({ o: was }, { o: now })).toEqual({
      output: 'o',
      file: '',
      byte: 6,
      row: 2,
      was: was.md5,
      now: now.md5,
    });
  });

  test('of a text that only goes on is where the shorter ends', () => {
    const { file, first } = open();
    expect(first({ o: file('one\n') }, { o: file('one\ntwo') })).toMatchObject({ byte: 4, row: 2 });
    expect(first({ o: file('') }, { o: file('x') })).toMatchObject({ byte: 0, row: 1 });
  });

  test('has no line in bytes that are no text', () => {
    const { file, first } = open();
    expect(first({ o: file('a\0b') }, { o: file('a\0c') })).toMatchObject({ byte: 2, row: null });
    expect(first({ o: file('PAR1\n1') }, { o: file('PAR1\n2') })).toMatchObject({ byte: 5, row: null });
  });

  test('comes in the order of outputs and of files, whatever order they were made in', () => {
    const { tree, file, first } = open();
    const was = { z: file('1'), t: tree({ c: '1', b: '1', a: '1' }) };
    const now = { t: tree({ a: '1', b: '2', c: '2' }), z: file('2') };
    expect(first(was, now)).toMatchObject({ output: 't', file: 'b', byte: 0 });
  });

  test('tells a file or an output that only one of them has', () => {
    const { tree, file, first } = open();
    expect(first({ t: tree({ a: '1', b: '1' }) }, { t: tree({ b: '1' }) })).toMatchObject({
      file: 'a',
      byte: null,
      now: '(absent)',
    });
    expect(first({}, { o: file('1') })).toMatchObject({ output: 'o', byte: null, was: '(absent)' });
  });

  test('is told even when the bytes of one are gone', () => {
    const { store, tree, file, first } = open();
    const [was, now] = [file('gone'), file('here')];
    rmSync(store.path(was.md5));
    expect(first({ o: was }, { o: now })).toMatchObject({ output: 'o', byte: null, row: null, was: was.md5 });
    const [before, after] = [tree({ a: '1' }), tree({ a: '2' })];
    rmSync(store.path(before.md5));
    expect(first({ o: before }, { o: after })).toMatchObject({ output: 'o', file: '', byte: null });
  });
});

test('both results of one key are kept side by side, and the problem says what differs first and where they are', () => {
  const { project, tree } = open();
  const receipt = (files: Record<string, string>): Receipt => ({
    format: 1,
    key: 'a'.repeat(64) as Receipt['key'],
    stage: 'generate',
    element: 'AAPL',
    outputs: { bars: tree(files) },
    parts: {},
    verdict: null,
    made: { at: '', durationMs: 1, run: 'r', head: null, dirty: null, node: '' },
  });
  const [was, now] = [receipt({ 'x.csv': 'a\n1\n' }), receipt({ 'x.csv': 'a\n2\n' })];
  const problem = keepEvidence(project, was, now);
  expect(problem).toMatchObject({
    code: 'stage/nondeterministic',
    message: 'stage `generate` for `AAPL` gave other bytes for the same key',
    facts: { output: 'bars/x.csv', 'first differing byte': 2, row: 2, evidence: `.pipeline/evidence/${now.key}.json` },
  });
  const kept = JSON.parse(readFileSync(`${project.root}/${problem.facts?.evidence}`, 'utf8'));
  expect(kept).toMatchObject({ key: now.key, was, now, difference: { output: 'bars', file: 'x.csv' } });
  for (const { outputs } of [was, now]) expect(project.store.missing(outputs.bars!)).toEqual([]);
});

test('facts of a difference leave out what is not known', () => {
  const found = { output: 'o', file: '', byte: null, row: null, was: 'a', now: 'b' };
  expect(describeDifference(found)).toEqual({ output: 'o', was: 'a', now: 'b' });
});
