import { describe, expect, test } from 'vitest';
import { withIgnored, withoutIgnored } from '../../lib/dvc/ignore.ts';

describe('lines of .gitignore', () => {
  test('a name is added once, without a slash behind', () => {
    const once = withIgnored(null, ['syn_1']);
    expect(once).toBe('/syn_1\n');
    expect(withIgnored(once, ['syn_1'])).toBe(once);
    expect(withIgnored(once, ['syn_1', 'b'])).toBe('/syn_1\n/b\n');
  });

  test('what stood there stays as it was, also without a last line break', () => {
    expect(withIgnored('# mine\n*.tmp', ['a'])).toBe('# mine\n*.tmp\n/a\n');
  });

  test('characters that mean something to git are escaped', () => {
    expect(withIgnored(null, ['a[1]*?! #'])).toBe('/a\\[1\\]\\*\\?\\!\\ \\#\n');
  });

  test('removing undoes adding', () => {
    for (const text of ['', '# mine\n', '/b\n']) expect(withoutIgnored(withIgnored(text, ['a']), 'a')).toBe(text);
  });
});
