"""Workers as processes of their own, on one store, for the same user.

The simulators and the clock belong to the parent. In *step* a worker stops before and after every commit of the head
and before every call, and goes on when it is told: so the parent decides who moves when, holds a worker until its lease
is over, and kills it wherever it likes. In *free* runs both go as fast as they can::

    parent ── "run" ─▶ A ── at "before call" ─▶ parent ── "go" ─▶ A ...
           ── "run" ─▶ B ── at "before commit" ─▶ parent ── (SIGKILL) ─▶ B
"""
