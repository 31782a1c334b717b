"""Runs a command and writes to descriptor 3 what it and everything it started cost, as JSON.

Node cannot ask what its children used. A subreaper also inherits what outlives its parent (shells, daemons),
so no work escapes the count. Seconds have microsecond resolution; the clock ticks of /proc would be too coarse.
"""
import ctypes
import json
import os
import resource
import signal
import sys
import time

timeout_s, command = int(sys.argv[1]), sys.argv[2:]
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
timed_out = False
# A wrapper that became this process may have left its own children in the account.
before = resource.getrusage(resource.RUSAGE_CHILDREN)
started = time.monotonic()
pid = os.posix_spawnp(command[0], command, os.environ, setsid=True)


def stop(_signal, _frame):
    global timed_out
    timed_out = True
    os.killpg(pid, signal.SIGKILL)


signal.signal(signal.SIGALRM, stop)
signal.alarm(timeout_s)
status = wall = None
while True:
    try:
        ended, code = os.wait()
    except ChildProcessError:
        break
    if ended == pid:
        wall = time.monotonic() - started
        status = os.waitstatus_to_exitcode(code)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
facts = {
    "status": status,
    "timedOut": timed_out,
    "cpuMs": 1000 * (used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime),
    "wallMs": 1000 * wall,
    "rssMiB": used.ru_maxrss / 1024,
}
os.write(3, json.dumps(facts).encode())
