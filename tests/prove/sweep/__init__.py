"""The exhaustive crash sweep: every scenario is crashed at every step of its runs, comes back, and ends alike.

::

    prepare ─▶ snapshot ─▶ run undisturbed, counting the steps ─▶ rest ─▶ the expected outcome
                  │
                  └─▶ for each step × mode × pause: restore ─▶ run, crash there ─▶ pause ─▶ resume ─▶ rest ─▶ compare

A step is a place where the process may be gone: before and after every call to the outside (before it is sent; after
its effect, before its answer is used) and before and after every commit.

================  ====================================================================================================
``plain``         the call at which it crashed has had its effect
``late``          it has not, but has by the time of the recovery: it lands at the end of the pause (writes only)
``after``         it lands after the recovery, when all has come to rest once (writes only)
================  ====================================================================================================

The pause is short (the lease is over, the quiet period is not) or long (both are).
"""
