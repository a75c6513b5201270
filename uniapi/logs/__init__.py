"""The log: lines of what happened, for a terminal, a file or a machine, written by a thread."""
