#!/usr/bin/env python3
"""dies.py CMD...: runs it with cores allowed, looks at it for a second, has it killed with SEGV; prints what is seen."""
import os, resource, signal, sys, time
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
pid = os.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
time.sleep(1)
seen = open("/proc/%d/cmdline" % pid).read()
for thread in os.listdir("/proc/%d/task" % pid):
    seen += open("/proc/%d/task/%s/comm" % (pid, thread)).read()
seen += "".join(os.readlink("/proc/%d/fd/%s" % (pid, fd)) + "\n" for fd in os.listdir("/proc/%d/fd" % pid))
os.kill(pid, signal.SIGSEGV)
status = os.waitpid(pid, 0)[1]
print(seen.replace("\0", " "))
print("signal", status & 127, "core" if status & 128 else "none")
