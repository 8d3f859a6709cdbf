"""The commands behind `pinproof`."""
