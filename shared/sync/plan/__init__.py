"""Deciding: a pure function of base, Sugar, Google and settings, over a whole batch. No I/O, no clock, no ids."""
