"""One self-contained page of what records say: no network, no file beside it."""
