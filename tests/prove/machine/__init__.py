"""Random stories of users, servers and crashes, told to the real engine; after each one the books are checked.

``python -m tests.prove.machine`` runs them; see ``machine.py`` for what can happen, ``oracle`` for what must hold and
``windows.py`` for the few places where the APIs leave no way to hold it.
"""
