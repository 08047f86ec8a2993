"""What users and workers can do: one verb-named module each. Orchestrates the domain through ports and owns the
transaction. Reads live in ``queries``."""
