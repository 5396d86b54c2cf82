#!/usr/bin/env python3
"""flip-bytes.py DB [STRIDE] - one damaged byte anywhere: the same answer, or a named error, never another.

For every STRIDE-th byte of every file below DB: flip one bit of it (another bit each time), query, and put
it back.  Exit 0 must come with the whole answer; any other exit must say something on stderr that names
a file, and what it still prints must be lines of the true answer.
"""
import os
import subprocess
import sys


def query(db):
    r = subprocess.run(["count-query", "-d", db], capture_output=True)
    return r.returncode, r.stdout.splitlines(), r.stderr.decode(errors="replace")


def main():
    db, stride = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    code, truth, _ = query(db)
    if code != 0 or not truth:
        sys.exit("the undamaged directory answers %d with %d lines" % (code, len(truth)))
    true_set, tried, refused, served = set(truth), 0, 0, 0
    for folder, _, names in sorted(os.walk(db)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, "r+b") as f:
                size = os.path.getsize(path)
                for at in range(0, size, stride):
                    f.seek(at)
                    old = f.read(1)
                    f.seek(at)
                    f.write(bytes([old[0] ^ (1 << (at % 8))]))
                    f.flush()
                    code, lines, err = query(db)
                    f.seek(at)
                    f.write(old)
                    f.flush()
                    tried += 1
                    where = "%s byte %d: " % (path, at)
                    if code < 0 or code > 4:
                        sys.exit(where + "exit %d, %s" % (code, err))
                    if code == 0 and lines != truth:
                        sys.exit(where + "exit 0 with another answer: %s" % set(lines).symmetric_difference(truth))
                    if not set(lines) <= true_set:
                        sys.exit(where + "answers what was never written: %s" % (set(lines) - true_set))
                    if len(lines) != len(set(lines)):
                        sys.exit(where + "answers a line twice")
                    if code != 0 and err.strip() == "":
                        sys.exit(where + "exit %d without a word" % code)
                    refused += code != 0
                    served += code != 0 and len(lines) > 0
    if query(db)[1] != truth:
        sys.exit("not as before")
    print("# %d bytes flipped: %d refused with a message, %d of them with a part of the answer" % (tried, refused, served))


main()
