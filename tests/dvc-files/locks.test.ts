import { expect, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { addLocks, findBlockers, parseLocks, printLocks, removeLocks } from '../../lib/dvc/locks.ts';

const us = { pid: 10, cmd: 'pipeline run' };
const other = { pid: 20, cmd: 'dvc repro' };
const none = parseLocks('rwlock', null);
const alive = () => true;
const dead = () => false;
const held = addLocks(none, other, { read: ['/r/in'], write: ['/r/out'] }, alive);

test('the text is what DVC reads: owners by absolute path', () => {
  expect(printLocks(held)).toBe(
    '{"read": {"/r/in": [{"cmd": "dvc repro", "pid": 20}]}, "write": {"/r/out": {"cmd": "dvc repro", "pid": 20}}}',
  );
  expect(parseLocks('rwlock', printLocks(held))).toEqual(held);
});

test.each([
  ['a read waits for a write', ['/r/out'], [], ['/r/out']],
  ['a read waits for a write above it', ['/r/out/a'], [], ['/r/out']],
  ['a read waits for a write below it', ['/r'], [], ['/r/out']],
  ['a read does not wait for a read', ['/r/in'], [], []],
  ['a write waits for a read', [], ['/r/in'], ['/r/in']],
  ['a write waits for both', [], ['/r'], ['/r/out', '/r/in']],
  ['a path with the same start is another path', ['/r/output'], ['/r/in2'], []],
])('%s', (_, read, write, paths) => {
  expect(findBlockers(held, us, { read, write }, alive).map((b) => b.held)).toEqual(paths);
});

test('dead owners and ourselves block nobody', () => {
  expect(findBlockers(held, us, { read: [], write: ['/r'] }, dead)).toEqual([]);
  expect(findBlockers(held, other, { read: [], write: ['/r'] }, alive)).toEqual([]);
});

test('adding removes the dead where they overlap and nowhere else', () => {
  const wide = addLocks(held, other, { read: ['/q'], write: ['/q/out'] }, alive);
  expect(addLocks(wide, us, { read: [], write: ['/r'] }, dead)).toEqual({
    write: { '/r': us, '/q/out': other },
    read: { '/q': [other] },
  });
});

test('adding twice adds once, and removing what we added gives back what was there', () => {
  const wanted = { read: ['/r/in', '/x'], write: ['/y'] };
  const ours = addLocks(held, us, wanted, alive);
  expect(ours.read['/r/in']).toEqual([other, us]);
  expect(addLocks(ours, us, wanted, alive)).toEqual(ours);
  expect(removeLocks(ours, us, wanted)).toEqual(held);
});

test('removing never removes what others hold', () => {
  expect(removeLocks(held, us, { read: ['/r/in'], write: ['/r/out'] })).toEqual(held);
});

test.each([
  '',
  '{',
  '[]',
  '{"lock": {}}',
  '{"write": {"/a": {"pid": "1", "cmd": ""}}}',
  '{"read": {"/a": {"pid": 1}}}',
])('the broken file %j is a problem', (text) => {
  expect(() => parseLocks('rwlock', text)).toThrow(ProblemError);
});
