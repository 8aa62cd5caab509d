"""The IR of a pipeline: nodes, levels, the checks, and the two pens that write it (fluent and YAML)."""
