"""The `ddsp` command: one file for each of its commands."""
