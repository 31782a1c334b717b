// Preloaded into the program under test: counts its writes below one folder, and at the N-th kills it or makes the disk refuse.
const fs = require('node:fs');
const { isMainThread } = require('node:worker_threads');

const { INJECT_ROOT: root, INJECT_AT: at, INJECT_HOW: how, INJECT_IN: where, INJECT_COUNT: report } = process.env;
const WORDS = { ENOSPC: 'no space left on device', EACCES: 'permission denied' };
const real = { ...fs };
const fds = new Set();
let count = 0;

const isOurs = (path) => typeof path === 'string' && path.startsWith(root);
const isWrite = (flags) => (typeof flags === 'string' ? /[wa+]/.test(flags) : (flags & 3) !== 0);

/** Called before each write-like act; `half` does a part of it, as a torn write would. */
function act(name, path, grows, half) {
  count++;
  // At once, because a thread that is ended does not say goodbye.
  if (how === 'count') real.writeFileSync(report, String(count));
  if (count < Number(at) || how === 'count') return;
  if (how === 'kill') {
    half?.();
    process.kill(process.pid, 'SIGKILL');
    for (;;) {}
  }
  // A full disk stays full, but what frees or moves still works; a denied act is denied once.
  if (how === 'ENOSPC' ? !grows : count !== Number(at)) return;
  throw Object.assign(new Error(`${how}: ${WORDS[how]}, ${name} '${path}'`), {
    code: how,
    syscall: name,
    path,
    errno: -1,
  });
}

function patch(name, look) {
  fs[name] = (...args) => {
    look(...args);
    return real[name](...args);
  };
}

if (root && isMainThread === (where !== 'worker')) {
  fs.openSync = (path, flags = 'r', mode = undefined) => {
    const writes = isOurs(path) && isWrite(flags);
    if (writes) act('open', path, true);
    const fd = real.openSync(path, flags, mode);
    if (writes) fds.add(fd);
    else fds.delete(fd);
    return fd;
  };
  fs.writeSync = (fd, data, ...rest) => {
    if (fds.has(fd))
      act('write', `fd ${fd}`, true, () => real.writeSync(fd, Buffer.from(data).subarray(0, data.length >> 1)));
    return real.writeSync(fd, data, ...rest);
  };
  patch('fsyncSync', (fd) => fds.has(fd) && act('fsync', `fd ${fd}`, true));
  patch('writeFileSync', (path) => isOurs(path) && act('open', path, true));
  patch('renameSync', (_from, to) => isOurs(to) && act('rename', to, false));
  patch('linkSync', (_from, to) => isOurs(to) && act('link', to, true));
  patch('symlinkSync', (_from, to) => isOurs(to) && act('symlink', to, true));
  patch('copyFileSync', (_from, to) => isOurs(to) && act('copyfile', to, true));
  patch('mkdirSync', (path) => isOurs(path) && act('mkdir', path, true));
  for (const name of ['chmodSync', 'unlinkSync', 'rmSync', 'rmdirSync', 'utimesSync'])
    patch(name, (path) => isOurs(path) && act(name.replace('Sync', ''), path, false));
  require('node:module').syncBuiltinESMExports();
}
