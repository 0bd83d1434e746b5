"""The demo: both simulators, the real engine between them, and a check of every promise. ``make demo`` runs it."""
