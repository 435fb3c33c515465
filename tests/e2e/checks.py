"""What both scripts say and how: one line for each check, and an end at the first that fails."""

import sys


def check(what, holds, got=""):
    """Prints that `what` holds; ends the script, showing `got`, when it does not."""
    if not holds:
        print(f"FAILED  {what}: {got!r}", flush=True)
        sys.exit(1)
    print(f"ok  {what}", flush=True)


def raises(what, error, action, fits=lambda caught: True):
    """Checks that `action` ends in `error`, and that the error fits."""
    try:
        got = action()
    except error as caught:
        check(what, fits(caught), caught)
    else:
        check(what, False, got)
