"""The commands: the only place that reads options, prints, writes files or exits."""
