"""The commands behind `pinproof`: one module per command, named like it."""

COMMANDS = {
    "run": "try every promise in every lane that this machine has; takes pytest's options",
    "test": "run the suite's own tests, and the lanes that need no chip with some of the faults",
    "gate": "try the promises with two pins, and say whether the pin may move",
    "bisect": "find the release or the commit that broke a promise, or that mended it",
    "report": "join records of runs to one answer, as a page and for a pull request's comment",
    "history": "show what the latest runs have made of one promise",
    "ledger": "check what is accepted as broken, or propose entries for what is red",
    "prove": "run every promise with each of its faults, which must break it",
    "fit": "say on which chips a model starts, and with room for how many tokens",
    "pins": "list the releases on the index and the pins built here, or prune what nobody uses",
    "doctor": "say what each lane needs and this machine lacks, with the next step",
    "bench": "measure how much time the harness adds to the same engine work in a bare script",
}
