"""What a pin must do; one module per area."""
