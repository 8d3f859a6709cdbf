"""What a pin is: resolving, building its environment, ledger."""
