#!/usr/bin/env python3
"""peak.py FILE CMD...: runs CMD, appends a line to FILE: seconds, peak resident KiB, CMD; exits as CMD does."""
import os, sys, time

began = time.monotonic()
pid = os.fork()
if pid == 0:
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    except OSError as e:
        print("peak.py: %s: %s" % (sys.argv[2], e.strerror), file=sys.stderr)
        os._exit(127)
_, status, used = os.wait4(pid, 0)
with open(sys.argv[1], "a") as f:
    print("%.2f %d %s" % (time.monotonic() - began, used.ru_maxrss, " ".join(sys.argv[2:])), file=f)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
