"""The analytic gradient against the numeric one: differences, verdicts, and the reasons for them."""
