"""Orders: plans that are stored, and carried out as they are stored."""
