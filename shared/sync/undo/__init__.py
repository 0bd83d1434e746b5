"""Undo: from history rows to an order, and what its writes leave behind."""
