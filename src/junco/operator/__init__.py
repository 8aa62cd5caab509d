"""The operator contract: `Operator`, ``@op``, ports, families, `OperatorSpec`."""
