"""Importing this fails."""

raise RuntimeError("no import today")
