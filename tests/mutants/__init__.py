"""Wrong variants of the engine that look right. The suite has to fail on every one of them.

A mutant is data: a few lines of ``shared/`` replaced while they are imported, in a process of its own; no file changes.

    python -m pytest -p tests.mutants.plugin --mutant NAME -x TESTS    one of them, by hand
    python -m tests.mutants [NAME ...]                                 hunts them, and prints who killed which
"""
