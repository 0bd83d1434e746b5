"""Hostile answers: what both APIs never send, sent on purpose, at every call of a run.

``mutators`` and ``nodes`` say what is done to an answer, ``scenes`` in which worlds, ``case`` runs one of them and
judges it, ``sweep`` says which ones there are.
"""
