"""What a run leaves behind: the event record, the verdicts and the pages made from them."""
