"""YAMNet: log-mel patches → features, or the classes of AudioSet."""
